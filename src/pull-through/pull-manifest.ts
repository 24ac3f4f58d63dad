/**
 * Manifests of mirrored repositories: find → fresh, stale or absent → serve, revalidate or fetch.
 * Digests are immutable and never asked for twice; tags age.
 */
import type { Clock } from '../clock.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference, Tag } from '../oci/reference.ts';
import { displayName, type MirroredRepository } from '../oci/repository.ts';
import type { ManifestRecord, MetadataStore, TagRecord } from '../store/metadata-store.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { PullThroughEvents } from './events.ts';
import { FALLBACK_DEADLINE_MS, withDeadline } from './deadline.ts';
import type { FetchedManifest, ManifestFetcher } from './fetch-manifest.ts';
import { freshness, type TagPolicy } from './freshness.ts';
import type { Mirror } from './mirror.ts';
import { HIT, type Outcome } from './outcome.ts';
import { SingleFlight } from './single-flight.ts';

export interface ManifestAnswer {
  readonly manifest: ManifestRecord;
  readonly outcome: Outcome;
  /** The bytes, only where they could not be kept; else the metadata store has them. */
  readonly unkept?: Uint8Array;
}

export interface PullManifestOptions {
  readonly metadata: MetadataStore;
  readonly clock: Clock;
  readonly events: PullThroughEvents;
  readonly fetcher: ManifestFetcher;
}

/** How a tag came to be checked against upstream just now. */
type Checked = FetchedManifest & { readonly changed: boolean };

export class PullManifest {
  readonly #metadata: MetadataStore;
  readonly #clock: Clock;
  readonly #events: PullThroughEvents;
  readonly #fetcher: ManifestFetcher;
  readonly #revalidations = new SingleFlight<Checked>();

  constructor(options: PullManifestOptions) {
    this.#metadata = options.metadata;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#fetcher = options.fetcher;
  }

  /**
   * The manifest, held when this resolves: read it from the metadata store. UpstreamError where it cannot be had, in time for a client
   * that waits.
   */
  get(
    mirror: Mirror,
    repository: MirroredRepository,
    reference: Reference,
  ): Promise<ManifestAnswer> {
    return withDeadline(this.#get(mirror, repository, reference), displayName(repository));
  }

  /** What a HEAD tells, in time as well. Where nothing is held upstream is asked by HEAD too, which Docker Hub does not count as a pull. */
  head(
    mirror: Mirror,
    repository: MirroredRepository,
    reference: Reference,
  ): Promise<ManifestAnswer> {
    return withDeadline(this.#head(mirror, repository, reference), displayName(repository));
  }

  async #get(
    mirror: Mirror,
    repository: MirroredRepository,
    reference: Reference,
  ): Promise<ManifestAnswer> {
    return reference.kind === 'digest'
      ? this.#byDigest(mirror, repository, reference.digest)
      : this.#byTag(mirror, repository, reference.tag);
  }

  async #head(
    mirror: Mirror,
    repository: MirroredRepository,
    reference: Reference,
  ): Promise<ManifestAnswer> {
    const held = await this.#held(repository, reference);
    if (held) return this.#get(mirror, repository, reference);
    const { joined, result } = this.#fetcher.head(mirror, repository, reference);
    const manifest = await result;
    // Some registries leave out the digest or the length; only the bytes tell then.
    if (!manifest) return this.#get(mirror, repository, reference);
    return { manifest, outcome: { kind: 'miss', collapsed: joined } };
  }

  /** A tag that is only known from an earlier HEAD is not held: asking by HEAD again is still the cheapest. */
  async #held(repository: MirroredRepository, reference: Reference): Promise<boolean> {
    const record =
      reference.kind === 'digest'
        ? await this.#metadata.findManifest(repository, reference.digest)
        : (await this.#metadata.findTag(repository, reference.tag))?.manifest;
    return record !== undefined;
  }

  async #byDigest(
    mirror: Mirror,
    repository: MirroredRepository,
    digest: Digest,
  ): Promise<ManifestAnswer> {
    const held = await this.#metadata.findManifest(repository, digest);
    if (held) return { manifest: held, outcome: HIT };
    return miss(this.#fetcher.fetch(mirror, repository, { kind: 'digest', digest }));
  }

  async #byTag(mirror: Mirror, repository: MirroredRepository, tag: Tag): Promise<ManifestAnswer> {
    const record = await this.#metadata.findTag(repository, tag);
    if (!record) return miss(this.#fetcher.fetch(mirror, repository, { kind: 'tag', tag }));

    const policy = mirror.tagPolicy(repository.name, tag);
    const age = freshness(record.checkedAt, policy, this.#clock.now());
    if (!record.manifest) {
      // Known from a HEAD alone: while that is fresh, the tag means that digest.
      return age.state === 'fresh'
        ? this.#byToldDigest(mirror, repository, tag, record.digest)
        : miss(this.#fetcher.fetch(mirror, repository, { kind: 'tag', tag }));
    }
    if (age.state === 'fresh') return { manifest: record.manifest, outcome: HIT };
    if (age.state === 'stale' && age.servable) {
      this.#revalidateInBackground(mirror, repository, tag, record);
      return {
        manifest: record.manifest,
        outcome: { kind: 'stale-while-revalidate', age: age.age },
      };
    }
    if (age.state === 'stale' && mirror.budget.isLow) {
      return {
        manifest: record.manifest,
        outcome: { kind: 'stale-to-save-limit', age: age.age },
      };
    }
    if (age.state === 'stale' && mirror.upstream.health !== 'closed') {
      // Upstream failed moments ago: nobody waits for it again, and whoever comes first probes it by the way.
      this.#revalidateInBackground(mirror, repository, tag, record);
      return { manifest: record.manifest, outcome: { kind: 'stale-if-error', age: age.age } };
    }
    return this.#revalidated(mirror, repository, tag, record, policy, age.age);
  }

  /** The digest that a HEAD has told may be gone again, where the tag has moved on since: the tag itself tells then. */
  async #byToldDigest(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    digest: Digest,
  ): Promise<ManifestAnswer> {
    try {
      return await this.#byDigest(mirror, repository, digest);
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.kind !== 'not-found') throw error;
      return miss(this.#fetcher.fetch(mirror, repository, { kind: 'tag', tag }));
    }
  }

  async #revalidated(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    record: TagRecord,
    policy: TagPolicy,
    age: number,
  ): Promise<ManifestAnswer> {
    const { joined, result } = this.#revalidate(mirror, repository, tag, record);
    try {
      const checked = withDeadline(
        result,
        `${displayName(repository)}:${tag}`,
        FALLBACK_DEADLINE_MS,
      );
      const { changed, ...fetched } = await checked;
      return {
        ...fetched,
        outcome: { kind: changed ? 'updated' : 'revalidated', collapsed: joined },
      };
    } catch (error) {
      if (!(error instanceof UpstreamError) || !record.manifest) throw error;
      if (!excuses(error, policy, age, mirror)) throw error;
      if (!joined) this.#events.servedStale({ repository, tag, cause: error });
      return { manifest: record.manifest, outcome: { kind: 'stale-if-error', age } };
    }
  }

  #revalidateInBackground(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    record: TagRecord,
  ): void {
    const { joined, result } = this.#revalidate(mirror, repository, tag, record);
    if (joined) return;
    result.catch((error: unknown) => {
      if (error instanceof UpstreamError)
        this.#events.servedStale({ repository, tag, cause: error });
      else
        this.#events.backgroundFailure({
          what: `revalidating ${displayName(repository)}:${tag}`,
          cause: error,
        });
    });
  }

  /** One HEAD upstream, shared by whoever asks meanwhile; only a tag that has moved costs a GET. */
  #revalidate(mirror: Mirror, repository: MirroredRepository, tag: Tag, record: TagRecord) {
    return this.#revalidations.run(
      `${displayName(repository)}:${tag}`,
      async (): Promise<Checked> => {
        try {
          const head = await mirror.upstream.headManifest(repository.name, { kind: 'tag', tag });
          if (head.digest === record.digest && record.manifest) {
            await this.#fetcher.noteTag(repository, tag, head.digest);
            return { manifest: record.manifest, changed: false };
          }
          const moved = await this.#moved(mirror, repository, tag, head.digest);
          return { ...moved, changed: moved.manifest.digest !== record.digest };
        } catch (error) {
          await this.#learnDeletion(error, mirror, repository, tag);
          throw error;
        }
      },
    );
  }

  async #moved(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    digest: Digest | undefined,
  ): Promise<FetchedManifest> {
    // Without a digest only the bytes can tell whether the tag has moved.
    if (digest === undefined)
      return this.#fetcher.fetch(mirror, repository, { kind: 'tag', tag }).result;
    const told = await this.#byToldDigest(mirror, repository, tag, digest);
    await this.#fetcher.noteTag(repository, tag, told.manifest.digest);
    return told;
  }

  async #learnDeletion(
    error: unknown,
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
  ): Promise<void> {
    if (!(error instanceof UpstreamError) || error.kind !== 'not-found') return;
    if (mirror.tagPolicy(repository.name, tag).whenDeleted === 'serve-stale') return;
    await this.#metadata.deleteTag(repository, tag);
    this.#fetcher.rememberAbsent(mirror, repository, { kind: 'tag', tag });
  }
}

async function miss(flight: {
  readonly joined: boolean;
  readonly result: Promise<FetchedManifest>;
}): Promise<ManifestAnswer> {
  return { ...(await flight.result), outcome: { kind: 'miss', collapsed: flight.joined } };
}

/** May held content be served although upstream failed in this way? */
function excuses(error: UpstreamError, policy: TagPolicy, age: number, mirror: Mirror): boolean {
  switch (error.kind) {
    case 'offline':
      // The operator's own choice: what is held is all there is.
      return true;
    case 'not-found':
      return policy.whenDeleted === 'serve-stale';
    case 'denied':
      // Docker Hub says 401 for what was deleted or made private; only content that was public stays so.
      return !mirror.private && age <= policy.staleIfError;
    case 'rate-limited':
    case 'unreachable':
    case 'timeout':
    case 'unavailable':
    case 'bad-answer':
      return age <= policy.staleIfError;
  }
}
