/** What the engine tells whoever listens (logs, metrics). It knows neither. */
import type { Digest } from '../oci/digest.ts';
import type { MirroredRepository } from '../oci/repository.ts';

export interface PullThroughEvents {
  fillStarted(fill: FillInfo & { readonly resumedFrom: number }): void;
  /** Upstream has told how many bytes there will be. */
  fillSized(fill: FillInfo & { readonly size: number }): void;
  /** A dropped or stalled body is about to be taken up again from `at`. */
  fillResumed(fill: FillInfo & { readonly at: number; readonly cause: Error }): void;
  fillCommitted(fill: FillInfo & { readonly size: number }): void;
  fillFailed(fill: FillInfo & { readonly at: number; readonly cause: Error }): void;
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

export interface FillInfo {
  readonly repository: MirroredRepository;
  readonly digest: Digest;
}
