/** Repositories and tags as people browse them: searched, in pages, with what is pinned. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  RepositoriesAnswer,
  RepositoriesQuery,
  RepositoryEntry,
} from '../api/repositories.ts';
import type { TagEntry, TagsAnswer, TagsQuery } from '../api/tags.ts';
import type { Tag } from '../oci/reference.ts';
import { displayName, type Repository } from '../oci/repository.ts';
import type {
  Found,
  InventoryRecords,
  RepositorySummary,
  TagSummary,
} from '../store/inventory-records.ts';
import { namesRepository, imageMatcher } from '../oci/image-patterns.ts';
import { shownEntries } from '../store/shown-entries.ts';
import type { ImagePlatforms } from './image-platforms.ts';

/** Looks of one request at a listing, each of a bounded number of rows: a hundred thousand names in all. */
const MAX_LOOKS = 50;

/** When a tag that was last checked at `checkedAt` has to be checked again; undefined: never. */
export type StaleAt = (repository: Repository, tag: Tag, checkedAt: number) => number | undefined;

export interface ListedRepositoriesOptions {
  readonly inventory: InventoryRecords;
  readonly platforms: ImagePlatforms;
  readonly staleAt: StaleAt;
}

export class ListedRepositories {
  readonly #options: ListedRepositoriesOptions;

  constructor(options: ListedRepositoriesOptions) {
    this.#options = options;
  }

  /** A page of those that `isShown` is true of; of others nothing shows. */
  async repositories(
    { search, kind, n, last }: RepositoriesQuery,
    isShown: (repository: Repository) => boolean,
  ): Promise<RepositoriesAnswer> {
    const { inventory } = this.#options;
    const patterns = (await inventory.listPins()).map(({ pattern }) => pattern);
    const isPinned = namesRepository(patterns);
    const shown = await shownEntries(
      { after: last, wanted: n + 1 },
      (page) => inventory.listRepositories({ search, kind, ...page }),
      ({ repository }) => isShown(repository),
    );
    const { entries, next } = cut(shown, n);
    return { repositories: entries.map((one) => repositoryEntry(one, isPinned)), next };
  }

  /** A page; it may have fewer entries than asked for and yet not be the last. */
  async tags(repository: Repository, { search, n, last }: TagsQuery): Promise<TagsAnswer> {
    const { inventory } = this.#options;
    const patterns = (await inventory.listPins()).map(({ pattern }) => pattern);
    const isPinned = imageMatcher(patterns) ?? (() => false);
    const { entries, next } = await gather(last, n, (after, limit) =>
      inventory.listTags(repository, { search, after, limit }),
    );
    const tags: TagEntry[] = [];
    for (const entry of entries) tags.push(await this.#tagEntry(repository, entry, isPinned));
    return { tags, next };
  }

  async #tagEntry(
    repository: Repository,
    { name, manifest, bytes, cachedAt, checkedAt, usedAt }: TagSummary,
    isPinned: (image: string) => boolean,
  ): Promise<TagEntry> {
    const { platforms, staleAt } = this.#options;
    const { digest, mediaType } = manifest;
    const display = displayName(repository);
    return {
      name,
      digest,
      mediaType,
      size: bytes,
      platforms: [...(await platforms.of(repository, manifest))],
      cachedAt,
      checkedAt,
      staleAt: staleAt(repository, name, checkedAt) ?? null,
      usedAt: usedAt ?? null,
      pinned: isPinned(`${display}:${name}`) || isPinned(`${display}@${digest}`),
    };
  }
}

/** Looks on until there are `n` entries, or long enough. */
async function gather<Entry>(
  last: string | undefined,
  n: number,
  look: (after: string | undefined, limit: number) => Promise<Found<Entry>>,
): Promise<{ readonly entries: readonly Entry[]; readonly next: string | null }> {
  const entries: Entry[] = [];
  let after = last;
  for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
    const found = await look(after, n - entries.length);
    entries.push(...found.entries);
    after = found.next;
    if (after === undefined || entries.length >= n) break;
    await nextTurn();
  }
  return { entries, next: after ?? null };
}

/** The first `n`, and what shares its name with the last of them: the next page begins behind the name. */
function cut(shown: readonly RepositorySummary[], n: number) {
  const last = shown[n - 1];
  if (last === undefined) return { entries: shown, next: null };
  const name = displayName(last.repository);
  const isOf = (one: RepositorySummary): boolean => displayName(one.repository) === name;
  const entries = shown.filter((one, index) => index < n || isOf(one));
  return { entries, next: entries.length < shown.length ? name : null };
}

function repositoryEntry(
  { repository, tags, bytes, usedAt, cachedAt }: RepositorySummary,
  isPinned: (name: string) => boolean,
): RepositoryEntry {
  const name = displayName(repository);
  return {
    name,
    kind: repository.kind,
    upstream: repository.kind === 'mirrored' ? repository.upstream : null,
    tags,
    bytes,
    usedAt: usedAt ?? null,
    cachedAt,
    pinned: isPinned(name),
  };
}
