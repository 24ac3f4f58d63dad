import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../oci/reference.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type {
  ListPage,
  ManifestHead,
  TagPage,
  Upstream,
  UpstreamBlob,
  UpstreamManifest,
} from '../upstream/upstream.ts';
import type { Breaker, BreakerState, LastFailure } from './breaker.ts';

/** An upstream behind its breaker. */
export class GuardedUpstream implements Upstream {
  readonly name: string;
  readonly #upstream: Upstream;
  readonly #breaker: Breaker;

  constructor(upstream: Upstream, breaker: Breaker) {
    this.name = upstream.name;
    this.#upstream = upstream;
    this.#breaker = breaker;
  }

  get health(): BreakerState {
    return this.#breaker.state;
  }

  /** When it is asked again, where it is left alone. */
  get retryAt(): number | undefined {
    return this.#breaker.retryAt;
  }

  get lastFailure(): LastFailure | undefined {
    return this.#breaker.lastFailure;
  }

  headManifest(
    name: RepositoryName,
    reference: Reference,
    signal?: AbortSignal,
  ): Promise<ManifestHead> {
    return this.#breaker.run(() => this.#upstream.headManifest(name, reference, signal));
  }

  manifest(
    name: RepositoryName,
    reference: Reference,
    signal?: AbortSignal,
  ): Promise<UpstreamManifest> {
    return this.#breaker.run(() => this.#upstream.manifest(name, reference, signal));
  }

  headBlob(
    name: RepositoryName,
    digest: Digest,
    signal?: AbortSignal,
  ): Promise<{ readonly size?: number }> {
    return this.#breaker.run(() => this.#upstream.headBlob(name, digest, signal));
  }

  /** The breaker learns from the headers only: a body that drops is the fill's to resume. */
  blob(
    name: RepositoryName,
    digest: Digest,
    from: number,
    signal?: AbortSignal,
  ): Promise<UpstreamBlob> {
    return this.#breaker.run(() => this.#upstream.blob(name, digest, from, signal));
  }

  blobRange(
    name: RepositoryName,
    digest: Digest,
    span: { readonly start: number; readonly end: number },
    signal?: AbortSignal,
  ): Promise<UpstreamBlob | undefined> {
    return this.#breaker.run(() => this.#upstream.blobRange(name, digest, span, signal));
  }

  tags(name: RepositoryName, page: ListPage, signal?: AbortSignal): Promise<TagPage> {
    return this.#breaker.run(() => this.#upstream.tags(name, page, signal));
  }

  referrers(
    name: RepositoryName,
    digest: Digest,
    signal?: AbortSignal,
  ): Promise<readonly Descriptor[] | undefined> {
    return this.#breaker.run(() => this.#upstream.referrers(name, digest, signal));
  }

  close(): Promise<void> {
    return this.#upstream.close();
  }
}
