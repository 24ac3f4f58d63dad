import type { Digest } from './digest.ts';

/** A descriptor as image-spec defines it; only the fields that a registry reads or writes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}
