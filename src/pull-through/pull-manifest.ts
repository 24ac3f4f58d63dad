/**
 * Manifests of mirrored repositories: find → fresh, stale or absent → serve, revalidate or fetch.
 * Digests are immutable and never asked for twice; tags age.
 */
import type { Clock } from '../clock.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference, Tag } from '../oci/reference.ts';
import { displayName, type MirroredRepository } from '../oci/repository.ts';
import type { ManifestRecord, MetadataStore } from '../store/metadata-store.ts';
import { UpstreamError } from '../upstream/errors.ts';
import { type CheckedTag, type CheckOptions, TagChecks } from './check-tag.ts';
import type { PullThroughEvents } from './events.ts';
import { FALLBACK_DEADLINE_MS, withDeadline } from './deadline.ts';
import type { FetchedManifest, Flight, ManifestFetcher } from './fetch-manifest.ts';
import { type Freshness, freshness, type TagPolicy } from './freshness.ts';
import { hasMinAge } from './min-age.ts';
import type { Mirror } from './mirror.ts';
import { HIT, type Outcome } from './outcome.ts';

export interface ManifestAnswer {
  readonly manifest: ManifestRecord;
  readonly outcome: Outcome;
  /** The bytes, only where they could not be kept; else the metadata store has them. */
  readonly unkept?: Uint8Array;
  /** Of a hit: whether it still is one, if nothing has been written since. */
  readonly isStillHit?: () => boolean;
}

export interface PullManifestOptions {
  readonly metadata: MetadataStore;
  readonly clock: Clock;
  readonly events: PullThroughEvents;
  readonly fetcher: ManifestFetcher;
}

/** A tag before and after upstream has been asked what it names. */
export interface RefreshedTag {
  /** What it was served as. */
  readonly before: Digest | undefined;
  readonly manifest: ManifestRecord;
  readonly unkept?: Uint8Array;
  /** It has moved upstream to something that is too young to be taken over. */
  readonly isHeldBack: boolean;
}

const MIN_AGE: Outcome = { kind: 'min-age' };

const always = (): boolean => true;

export class PullManifest {
  readonly #metadata: MetadataStore;
  readonly #clock: Clock;
  readonly #events: PullThroughEvents;
  readonly #fetcher: ManifestFetcher;
  readonly #checks: TagChecks;

  constructor(options: PullManifestOptions) {
    this.#metadata = options.metadata;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#fetcher = options.fetcher;
    this.#checks = new TagChecks(options);
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

  /**
   * Asks upstream now, however fresh the tag is, and takes over what it names: at most one HEAD and one GET. Fails as upstream does,
   * also where something is held; TooYoungError where there is nothing old enough.
   */
  async refresh(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    options: CheckOptions = {},
  ): Promise<RefreshedTag> {
    const before = (await this.#metadata.findTag(repository, tag))?.manifest?.digest;
    const { state, ...fetched } = await this.#checks.check(mirror, repository, tag, options).result;
    return { ...fetched, before, isHeldBack: state === 'too-young' };
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
    // A tag that is only known from an earlier HEAD is not held: asking by HEAD again is still the cheapest.
    if (await this.#holds(repository, reference)) return this.#get(mirror, repository, reference);
    if (
      reference.kind === 'tag' &&
      hasMinAge(mirror.tagPolicy(repository.name, reference.tag), reference.tag)
    )
      return this.#oldEnough(mirror, repository, reference.tag);
    const { joined, result } = this.#fetcher.head(mirror, repository, reference);
    const { digest, mediaType, size } = await result;
    // Some registries leave out the digest or the length; only the bytes tell then.
    if (digest === undefined || mediaType === undefined || size === undefined)
      return this.#get(mirror, repository, reference);
    if (reference.kind === 'tag' && !joined)
      await this.#fetcher.noteTag(repository, reference.tag, digest);
    return { manifest: { digest, mediaType, size }, outcome: { kind: 'miss', collapsed: joined } };
  }

  async #holds(repository: MirroredRepository, reference: Reference): Promise<boolean> {
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
    if (held) return { manifest: held, outcome: HIT, isStillHit: always };
    return miss(this.#fetcher.fetch(mirror, repository, { kind: 'digest', digest }));
  }

  async #byTag(mirror: Mirror, repository: MirroredRepository, tag: Tag): Promise<ManifestAnswer> {
    const policy = mirror.tagPolicy(repository.name, tag);
    const record = await this.#metadata.findTag(repository, tag);
    const known = record && freshness(record.checkedAt, policy, this.#clock.now());
    if (record?.manifest && known) {
      const { manifest, checkedAt } = record;
      return known.state === 'fresh'
        ? this.#fresh(repository, tag, policy, manifest, checkedAt)
        : this.#old(mirror, repository, tag, policy, manifest, known);
    }
    if (hasMinAge(policy, tag)) return this.#oldEnough(mirror, repository, tag);
    // Known from a HEAD alone: while that is fresh, the tag means that digest.
    return miss(
      record && known?.state === 'fresh'
        ? this.#fetcher.fetchTold(mirror, repository, tag, record.digest)
        : this.#fetcher.fetch(mirror, repository, { kind: 'tag', tag }),
    );
  }

  /** Of a tag that is not held and has a minimum age: what it names if that is old enough, else what it was served as before. */
  async #oldEnough(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
  ): Promise<ManifestAnswer> {
    const { joined, result } = this.#checks.check(mirror, repository, tag);
    const { state, ...fetched } = await result;
    const outcome: Outcome = state === 'too-young' ? MIN_AGE : { kind: 'miss', collapsed: joined };
    return { ...fetched, outcome };
  }

  async #fresh(
    repository: MirroredRepository,
    tag: Tag,
    policy: TagPolicy,
    manifest: ManifestRecord,
    checkedAt: number,
  ): Promise<ManifestAnswer> {
    const isOlder = hasMinAge(policy, tag) && (await this.#isOlder(repository, tag, manifest));
    if (isOlder) return { manifest, outcome: MIN_AGE };
    const isStillHit = (): boolean =>
      freshness(checkedAt, policy, this.#clock.now()).state === 'fresh';
    return { manifest, outcome: HIT, isStillHit };
  }

  async #old(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    policy: TagPolicy,
    manifest: ManifestRecord,
    known: Exclude<Freshness, { state: 'fresh' }>,
  ): Promise<ManifestAnswer> {
    const { state, age } = known;
    if (known.state === 'stale' && known.servable) {
      this.#checkInBackground(mirror, repository, tag);
      return { manifest, outcome: { kind: 'stale-while-revalidate', age } };
    }
    if (state === 'stale' && mirror.budget.isLow) {
      return { manifest, outcome: { kind: 'stale-to-save-limit', age } };
    }
    if (state === 'stale' && mirror.upstream.health !== 'closed') {
      // Upstream failed moments ago: nobody waits for it again, and whoever comes first probes it by the way.
      this.#checkInBackground(mirror, repository, tag);
      return { manifest, outcome: { kind: 'stale-if-error', age } };
    }
    return this.#revalidated(mirror, repository, tag, policy, manifest, age);
  }

  /** Upstream was last seen to name something else, which is too young yet. */
  async #isOlder(
    repository: MirroredRepository,
    tag: Tag,
    { digest }: ManifestRecord,
  ): Promise<boolean> {
    const sighting = await this.#metadata.findSighting(repository, tag);
    return sighting !== undefined && sighting.digest !== digest;
  }

  async #revalidated(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    policy: TagPolicy,
    manifest: ManifestRecord,
    age: number,
  ): Promise<ManifestAnswer> {
    const { joined, result } = this.#checks.check(mirror, repository, tag);
    try {
      const checked = withDeadline(
        result,
        `${displayName(repository)}:${tag}`,
        FALLBACK_DEADLINE_MS,
      );
      const { state, ...fetched } = await checked;
      return { ...fetched, outcome: checkedOutcome(state, joined) };
    } catch (error) {
      if (!(error instanceof UpstreamError) || !excuses(error, policy, age, mirror)) throw error;
      if (!joined) this.#events.servedStale({ repository, tag, cause: error });
      return { manifest, outcome: { kind: 'stale-if-error', age } };
    }
  }

  #checkInBackground(mirror: Mirror, repository: MirroredRepository, tag: Tag): void {
    const { joined, result } = this.#checks.check(mirror, repository, tag);
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
}

function checkedOutcome(state: CheckedTag['state'], collapsed: boolean): Outcome {
  switch (state) {
    case 'unchanged':
      return { kind: 'revalidated', collapsed };
    case 'moved':
      return { kind: 'updated', collapsed };
    case 'too-young':
      return MIN_AGE;
  }
}

async function miss(flight: Flight<FetchedManifest>): Promise<ManifestAnswer> {
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
