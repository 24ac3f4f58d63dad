/**
 * Asks upstream what a tag names now: one HEAD, shared by whoever asks meanwhile. Only a tag that has moved, to
 * something that is old enough, costs a GET.
 */
import type { Clock } from '../clock.ts';
import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/reference.ts';
import { displayName, type MirroredRepository } from '../oci/repository.ts';
import { StoreFullError, undefinedIfFull } from '../store/blob-store.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import type { TagSighting } from '../store/tag-sightings.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { FetchedManifest, Flight, ManifestFetcher } from './fetch-manifest.ts';
import { hasMinAge, judgeAge, TooYoungError } from './min-age.ts';
import type { Mirror } from './mirror.ts';
import { SingleFlight } from './single-flight.ts';

export type CheckedTag = FetchedManifest & {
  /** `too-young`: it has moved, but not long enough ago; the manifest is the older one. */
  readonly state: 'unchanged' | 'moved' | 'too-young';
};

export interface CheckOptions {
  /** Takes over what is younger than the policy allows, too. */
  readonly force?: boolean;
}

export class TagChecks {
  readonly #metadata: MetadataStore;
  readonly #clock: Clock;
  readonly #fetcher: ManifestFetcher;
  readonly #flights = new SingleFlight<CheckedTag>();

  constructor(options: {
    readonly metadata: MetadataStore;
    readonly clock: Clock;
    readonly fetcher: ManifestFetcher;
  }) {
    this.#metadata = options.metadata;
    this.#clock = options.clock;
    this.#fetcher = options.fetcher;
  }

  /** The manifest is held when this resolves. UpstreamError; TooYoungError where there is nothing older. */
  check(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    { force = false }: CheckOptions = {},
  ): Flight<CheckedTag> {
    const aged = hasMinAge(mirror.tagPolicy(repository.name, tag), tag);
    const key = `${displayName(repository)}:${tag}${force ? ' by force' : ''}`;
    return this.#flights.run(key, async () => {
      try {
        return aged
          ? await this.#checkAge(mirror, repository, tag, force)
          : await this.#check(mirror, repository, tag);
      } catch (error) {
        await this.#learnDeletion(error, mirror, repository, tag);
        throw error;
      }
    });
  }

  async #check(mirror: Mirror, repository: MirroredRepository, tag: Tag): Promise<CheckedTag> {
    const record = await this.#metadata.findTag(repository, tag);
    const { digest } = await mirror.upstream.headManifest(repository.name, { kind: 'tag', tag });
    if (record?.manifest && digest === record.digest) {
      await this.#fetcher.noteTag(repository, tag, digest);
      return { manifest: record.manifest, state: 'unchanged' };
    }
    const fetched = await this.#moved(mirror, repository, tag, digest);
    const changed = fetched.manifest.digest !== record?.digest;
    return { ...fetched, state: changed ? 'moved' : 'unchanged' };
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
    const held = await this.#metadata.findManifest(repository, digest);
    const told = held
      ? { manifest: held }
      : await this.#fetcher.fetchTold(mirror, repository, tag, digest).result;
    await this.#fetcher.noteTag(repository, tag, told.manifest.digest);
    return told;
  }

  async #checkAge(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    force: boolean,
  ): Promise<CheckedTag> {
    const held = (await this.#metadata.findTag(repository, tag))?.manifest?.digest;
    const named = await this.#named(mirror, repository, tag);
    const sighting = await this.#sight(repository, tag, named, held);
    const verdict = judgeAge(sighting, mirror.tagPolicy(repository.name, tag), this.#clock.now());
    if (force || verdict.state === 'take') {
      const taken = await this.#take(mirror, repository, tag, named);
      return { ...taken, state: named === held ? 'unchanged' : 'moved' };
    }
    const tooYoung = new TooYoungError(
      `${displayName(repository)}:${tag}`,
      sighting,
      verdict.until,
    );
    if (verdict.state === 'refuse') throw tooYoung;
    try {
      const kept = await this.#byDigest(mirror, repository, verdict.taken);
      await this.#fetcher.noteTag(repository, tag, verdict.taken);
      return { ...kept, state: 'too-young' };
    } catch (error) {
      // It was evicted, and upstream has dropped it too.
      throw isNotFound(error) ? tooYoung : error;
    }
  }

  /** What upstream names by the tag; where its HEAD leaves out the digest, the bytes tell. */
  async #named(mirror: Mirror, repository: MirroredRepository, tag: Tag): Promise<Digest> {
    const reference = { kind: 'tag', tag } as const;
    const head = await this.#fetcher.head(mirror, repository, reference).result;
    return head.digest ?? (await mirror.upstream.manifest(repository.name, reference)).digest;
  }

  async #take(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    digest: Digest,
  ): Promise<FetchedManifest> {
    try {
      const fetched = await this.#byDigest(mirror, repository, digest);
      await this.#sight(repository, tag, digest, digest);
      await this.#fetcher.noteTag(repository, tag, digest);
      return fetched;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // Never by tag: it has moved on to something of another age. Whoever asks next is told of that.
      const image = `${displayName(repository)}:${tag}`;
      throw new UpstreamError('bad-answer', `upstream names ${digest} by ${image} and lacks it`, {
        cause: error,
      });
    }
  }

  async #byDigest(
    mirror: Mirror,
    repository: MirroredRepository,
    digest: Digest,
  ): Promise<FetchedManifest> {
    const held = await this.#metadata.findManifest(repository, digest);
    if (held) return { manifest: held };
    return this.#fetcher.fetch(mirror, repository, { kind: 'digest', digest }).result;
  }

  /** On a full disk the note is lost: what was not seen before stays young. */
  async #sight(
    repository: MirroredRepository,
    tag: Tag,
    digest: Digest,
    taken: Digest | undefined,
  ): Promise<TagSighting> {
    const at = this.#clock.now();
    try {
      return await this.#metadata.recordSighting(repository, tag, { digest, at, taken });
    } catch (error) {
      if (!(error instanceof StoreFullError)) throw error;
      const known = await this.#metadata.findSighting(repository, tag);
      const served = taken ?? known?.taken;
      const since = known?.digest === digest ? known.since : at;
      return { digest, since, ...(served !== undefined && { taken: served }) };
    }
  }

  async #learnDeletion(
    error: unknown,
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
  ): Promise<void> {
    if (!isNotFound(error)) return;
    if (mirror.tagPolicy(repository.name, tag).whenDeleted === 'serve-stale') return;
    // On a full disk it is forgotten the next time.
    await this.#metadata.deleteTag(repository, tag).catch(undefinedIfFull);
    this.#fetcher.rememberAbsent(mirror, repository, { kind: 'tag', tag });
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof UpstreamError && error.kind === 'not-found';
}
