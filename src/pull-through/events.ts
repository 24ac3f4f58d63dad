/** What the engine tells whoever listens (logs, metrics). It knows neither. */
import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/reference.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import type { UpstreamError } from '../upstream/errors.ts';
import type { TooYoungError } from './min-age.ts';

export interface PullThroughEvents {
  fillStarted(fill: FillInfo & { readonly resumedFrom: number }): void;
  /** Upstream has told how many bytes there will be. */
  fillSized(fill: FillInfo & { readonly size: number }): void;
  /** A dropped or stalled body is about to be taken up again from `at`. */
  fillResumed(fill: FillInfo & { readonly at: number; readonly cause: Error }): void;
  fillCommitted(fill: FillInfo & { readonly size: number }): void;
  fillFailed(fill: FillInfo & { readonly at: number; readonly cause: Error }): void;
  /** A client asked for what could not be served from what is held; told once for all that waited for the same fetch. */
  missed(miss: Miss): void;
  /** Held content was served because upstream failed. */
  servedStale(info: {
    readonly repository: MirroredRepository;
    readonly tag: string;
    readonly cause: Error;
  }): void;
  /** Something that no client waits for went wrong. */
  backgroundFailure(info: { readonly what: string; readonly cause: unknown }): void;
  breakerChanged(info: {
    readonly upstream: string;
    readonly open: boolean;
    readonly forMs: number;
  }): void;
}

export interface Miss {
  readonly repository: MirroredRepository;
  readonly kind: 'manifest' | 'blob';
  readonly reference: Tag | Digest;
  /** `moved`: the tag was held, and upstream names something else now. An error: nothing could be had. */
  readonly cause: 'absent' | 'moved' | UpstreamError | TooYoungError;
}

export interface FillInfo {
  readonly repository: MirroredRepository;
  readonly digest: Digest;
}
