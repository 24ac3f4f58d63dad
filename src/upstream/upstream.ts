/**
 * Port: one upstream registry, read-only. An implementation brings its own tokens, redirects, time limits and retries of
 * what is safe to repeat; it keeps nothing. Every failure is an UpstreamError (or the reason of the caller's signal).
 */
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../oci/reference.ts';
import type { RepositoryName } from '../oci/repository-name.ts';

export interface UpstreamManifest {
  /** The exact bytes. If asked by digest, or told a digest, they have been checked against it. */
  readonly content: Uint8Array;
  /** The Content-Type as received, without parameters. */
  readonly mediaType: string;
  /** The digest of `content`, in the algorithm asked for. */
  readonly digest: Digest;
}

/** What HEAD tells of a manifest. A registry may leave each of them out. */
export interface ManifestHead {
  readonly digest?: Digest;
  readonly mediaType?: string;
  readonly size?: number;
}

export interface UpstreamBlob {
  /** Where `body` really begins: `from`, or 0 where upstream ignored the range. */
  readonly start: number;
  /** Bytes of the whole blob, where upstream tells. */
  readonly size?: number;
  /** Chunks as they arrive; fewer than asked for where upstream says so. Fails with an UpstreamError if the connection drops, stalls, or ends short of the length that was told. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ListPage {
  readonly n?: number | undefined;
  readonly last?: string | undefined;
}

export interface TagPage {
  readonly tags: readonly string[];
  /** What to ask for to go on, where there is more. */
  readonly next?: ListPage;
}

export interface Upstream {
  /** The configured name, such as `docker.io`. */
  readonly name: string;
  /** HEAD manifest: asks with the full Accept set, so that the answer does not depend on any client. Never counted as a pull by Docker Hub. */
  headManifest(
    repository: RepositoryName,
    reference: Reference,
    signal?: AbortSignal,
  ): Promise<ManifestHead>;
  /** GET manifest, at most MAX_MANIFEST_BYTES. */
  manifest(
    repository: RepositoryName,
    reference: Reference,
    signal?: AbortSignal,
  ): Promise<UpstreamManifest>;
  /** HEAD blob: proves that this repository has it. */
  headBlob(
    repository: RepositoryName,
    digest: Digest,
    signal?: AbortSignal,
  ): Promise<{ readonly size?: number }>;
  /**
   * GET blob from byte `from` on, resolved once upstream's headers are in. Each call starts at the registry URL (signed redirects expire).
   * The body is not retried: who reads it knows where to go on. Leaving the body early closes the connection; who does not even
   * begin it calls the iterator's `return()`.
   */
  blob(
    repository: RepositoryName,
    digest: Digest,
    from: number,
    signal?: AbortSignal,
  ): Promise<UpstreamBlob>;
  /**
   * GET of bytes `start` up to, not including, `end` of a blob; otherwise as `blob`. Undefined where upstream ignores ranges: nothing of
   * its answer is read then.
   */
  blobRange(
    repository: RepositoryName,
    digest: Digest,
    span: { readonly start: number; readonly end: number },
    signal?: AbortSignal,
  ): Promise<UpstreamBlob | undefined>;
  tags(repository: RepositoryName, page: ListPage, signal?: AbortSignal): Promise<TagPage>;
  /** All referrers of a digest, or undefined where the registry has no referrers API. */
  referrers(
    repository: RepositoryName,
    digest: Digest,
    signal?: AbortSignal,
  ): Promise<readonly Descriptor[] | undefined>;
  close(): Promise<void>;
}

/** Manifests are at most 4 MiB, pushed or fetched (distribution-spec, "Pushing Manifests"; containerd reads no more). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
