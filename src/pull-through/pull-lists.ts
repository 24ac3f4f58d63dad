/** Tag lists and referrers of mirrored repositories: upstream's word while it answers, what is held when it does not. */
import { type Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { cosignTags, fallbackTag } from '../oci/referrer-tags.ts';
import { displayName, type MirroredRepository } from '../oci/repository.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { ListPage, TagPage } from '../upstream/upstream.ts';
import { readIndexDescriptors } from '../oci/index-descriptors.ts';
import type { Mirror } from './mirror.ts';
import { FALLBACK_DEADLINE_MS, withDeadline } from './deadline.ts';
import type { PullManifest } from './pull-manifest.ts';

/** As many as one page ever shows; a repository that has more held than that is listed in pages anyway. */
const HELD_LIMIT = 10_000;

const TAGS_AT_A_TIME = 1_000;
/** Some repositories have a tag for each commit. */
const MAX_PAGES = 100;

export class PullLists {
  readonly #metadata: MetadataStore;
  readonly #manifests: PullManifest;

  constructor(metadata: MetadataStore, manifests: PullManifest) {
    this.#metadata = metadata;
    this.#manifests = manifests;
  }

  /** All tags that upstream has now. Fails as upstream does, and where it does not come to an end. */
  async *upstreamTags(mirror: Mirror, repository: MirroredRepository): AsyncGenerator<string> {
    let page: ListPage | undefined = { n: TAGS_AT_A_TIME };
    for (let pages = 0; page !== undefined; pages += 1) {
      if (pages === MAX_PAGES) {
        throw new UpstreamError('bad-answer', `${displayName(repository)} has too many tags`);
      }
      const answer: TagPage = await mirror.upstream.tags(repository.name, page);
      yield* answer.tags;
      page = answer.next;
    }
  }

  /**
   * The manifests that refer to `subject` upstream now: those that its referrers API or the fallback tag lists, and those that cosign
   * has tagged, which are held then. None where upstream has none, or refuses to tell; fails otherwise as upstream does.
   */
  async upstreamReferrers(
    mirror: Mirror,
    repository: MirroredRepository,
    subject: Digest,
  ): Promise<readonly Digest[]> {
    const listed = await unlessRefused(this.#ask(mirror, repository, subject));
    const digests = new Set(listed?.map(({ digest }) => digest));
    for (const tag of cosignTags(subject)) {
      const tagged = await unlessRefused(this.#manifests.refresh(mirror, repository, tag));
      if (tagged) digests.add(tagged.manifest.digest);
    }
    return [...digests];
  }

  /** A page of upstream's tags; of the held ones where upstream fails. */
  async tags(mirror: Mirror, repository: MirroredRepository, page: ListPage): Promise<TagPage> {
    try {
      const asked = mirror.upstream.tags(repository.name, page);
      return await withDeadline(asked, `tags of ${displayName(repository)}`, FALLBACK_DEADLINE_MS);
    } catch (error) {
      if (!isOutage(error)) throw error;
      const limit = Math.min(page.n ?? HELD_LIMIT, HELD_LIMIT);
      const tags = await this.#metadata.listTags(repository, {
        after: page.last,
        limit: limit + 1,
      });
      if (tags.length === 0 && !(await this.#metadata.hasRepository(repository))) throw error;
      const shown = tags.slice(0, limit);
      return tags.length > limit && limit > 0
        ? { tags: shown, next: { n: limit, last: shown.at(-1) } }
        : { tags: shown };
    }
  }

  /** All that refers to `subject`: by the referrers API, else by the fallback tag (distribution-spec, "Unavailable Referrers API"). */
  async referrers(
    mirror: Mirror,
    repository: MirroredRepository,
    subject: Digest,
  ): Promise<readonly Descriptor[]> {
    try {
      const asked = this.#ask(mirror, repository, subject);
      return await withDeadline(asked, `referrers of ${subject}`, FALLBACK_DEADLINE_MS);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error.kind === 'denied' && mirror.private) return [];
      const held = await this.#metadata.listReferrers(repository, subject, { limit: HELD_LIMIT });
      // "No signature" must not be what an outage looks like; offline, what is held is all there is.
      if (held.length === 0 && isOutage(error) && error.kind !== 'offline') throw error;
      return held;
    }
  }

  async #ask(
    mirror: Mirror,
    repository: MirroredRepository,
    subject: Digest,
  ): Promise<readonly Descriptor[]> {
    const listed = await mirror.upstream.referrers(repository.name, subject);
    return listed ?? (await this.#fallback(mirror, repository, subject));
  }

  async #fallback(
    mirror: Mirror,
    repository: MirroredRepository,
    subject: Digest,
  ): Promise<readonly Descriptor[]> {
    try {
      const tag = fallbackTag(subject);
      const found = await this.#manifests.get(mirror, repository, { kind: 'tag', tag });
      const content = found.unkept ?? (await this.#metadata.readManifest(found.manifest.digest));
      // Nobody is told that nothing refers to it because its list has just been evicted.
      if (!content) throw new Error(`the list of what refers to ${subject} vanished`);
      return readIndexDescriptors(content);
    } catch (error) {
      if (error instanceof UpstreamError && error.kind === 'not-found') return [];
      throw error;
    }
  }
}

/** Undefined where upstream does not have it, or says so in another way. */
async function unlessRefused<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof UpstreamError && !isOutage(error)) return undefined;
    throw error;
  }
}

/** Upstream could not be asked, as against an answer that says no. */
function isOutage(error: unknown): boolean {
  return error instanceof UpstreamError && error.kind !== 'not-found' && error.kind !== 'denied';
}
