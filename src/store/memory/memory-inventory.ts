import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import { displayName, type Repository } from '../../oci/repository.ts';
import { compareBytes } from '../byte-order.ts';
import type {
  Departure,
  Found,
  InventoryRecords,
  ManifestSummary,
  NextEviction,
  Pin,
  RepositoriesPage,
  RepositorySummary,
  SearchPage,
  TagSummary,
  UsageRecord,
} from '../inventory-records.ts';
import type { MemoryDepartures } from './memory-departures.ts';
import type { MemoryPins } from './memory-pins.ts';
import { type MemoryShelves, type Shelf, tagsOf } from './memory-shelves.ts';
import type { HeldContent, MemoryUpkeep } from './memory-upkeep.ts';
import { MemoryUsage } from './memory-usage.ts';

const MAX_TAGS = 100;

/** What the inventory has in common with the rest of the store. */
export interface SharedMemory {
  readonly shelves: MemoryShelves;
  readonly held: Map<Digest, HeldContent>;
  readonly upkeep: MemoryUpkeep;
  readonly pins: MemoryPins;
  readonly departures: MemoryDepartures;
}

/** Listings without an index: everything is looked at each time. */
export class MemoryInventory implements InventoryRecords {
  readonly #shared: SharedMemory;
  readonly #usage = new MemoryUsage();

  constructor(shared: SharedMemory) {
    this.#shared = shared;
  }

  async listRepositories(page: RepositoriesPage): Promise<Found<RepositorySummary>> {
    const { shelves } = this.#shared;
    const listed = shelves
      .repositories()
      .filter((one) => shelves.commits(one).length > 0)
      .filter((one) => page.kind === undefined || one.kind === page.kind);
    const found = pageOf(listed, displayName, { ...page, search: page.search?.toLowerCase() });
    return { ...found, entries: found.entries.map((one) => this.#summary(shelves.ensure(one))) };
  }

  async listTags(repository: Repository, page: SearchPage): Promise<Found<TagSummary>> {
    const shelf = this.#shared.shelves.find(repository);
    if (shelf === undefined) return { entries: [], next: undefined };
    const tags = [...shelf.tags]
      .filter(([, { digest }]) => shelf.manifests.has(digest))
      .toSorted(([a], [b]) => compareBytes(a, b));
    const found = pageOf(tags, ([tag]) => tag, page);
    return {
      ...found,
      entries: found.entries.flatMap(([name, { digest, cachedAt, checkedAt }]) => {
        const commit = shelf.manifests.get(digest);
        if (commit === undefined) return [];
        const manifest = { digest, mediaType: commit.mediaType, size: commit.content.length };
        const bytes = this.#measure(shelf, digest);
        return { name, manifest, bytes, cachedAt, checkedAt, ...usedAt(shelf, [digest]) };
      }),
    };
  }

  async describeManifest(
    repository: Repository,
    digest: Digest,
  ): Promise<ManifestSummary | undefined> {
    const shelf = this.#shared.shelves.find(repository);
    const commit = shelf?.manifests.get(digest);
    if (shelf === undefined || commit === undefined) return undefined;
    const { mediaType, content, artifactType, annotations = {} } = commit;
    return {
      digest,
      mediaType,
      size: content.length,
      annotations,
      ...(artifactType !== undefined && { artifactType }),
      addedAt: shelf.additions.get(digest) ?? 0,
      ...usedAt(shelf, [digest]),
      tags: tagsOf(shelf, digest).slice(0, MAX_TAGS),
    };
  }

  async listManifestRepositories(digest: Digest): Promise<readonly Repository[]> {
    return this.#repositoriesWhere(({ manifests }) => manifests.has(digest));
  }

  async listBlobReferrers(digest: Digest): Promise<readonly Repository[]> {
    return this.#repositoriesWhere(({ blobs }) => blobs.has(digest));
  }

  async addPin(pattern: string, at: number): Promise<boolean> {
    return this.#shared.pins.add(pattern, at);
  }

  async removePin(pattern: string): Promise<'absent' | 'removed'> {
    return this.#shared.pins.remove(pattern) ? 'removed' : 'absent';
  }

  async configurePins(patterns: readonly string[], at: number): Promise<'done'> {
    this.#shared.pins.configure(patterns, at);
    return 'done';
  }

  async listPins(): Promise<readonly Pin[]> {
    return this.#shared.pins.list();
  }

  async nextEvictions(query: {
    limit: number;
    looseBefore: number;
  }): Promise<readonly NextEviction[]> {
    return this.#shared.upkeep.next(query);
  }

  async addUsage(usage: readonly UsageRecord[], keepFrom: string): Promise<void> {
    this.#usage.add(usage, keepFrom);
  }

  async listUsage(from: string): Promise<readonly UsageRecord[]> {
    return this.#usage.list(from);
  }

  async findDeparture(
    repository: Repository,
    reference: Tag | Digest,
  ): Promise<Departure | undefined> {
    return this.#shared.departures.find(this.#shared.shelves.find(repository), reference);
  }

  #summary(shelf: Shelf): RepositorySummary {
    const { held } = this.#shared;
    const bytes = [...shelf.blobs.keys()].reduce((sum, one) => sum + (held.get(one)?.size ?? 0), 0);
    return {
      repository: shelf.repository,
      tags: shelf.tags.size,
      bytes,
      ...usedAt(shelf, [...shelf.manifests.keys()]),
      cachedAt: Math.max(0, ...shelf.additions.values()),
    };
  }

  /** Everything of the image that is held. */
  #measure(shelf: Shelf, digest: Digest): number {
    const sizes = new Map<Digest, number>();
    const visit = (manifest: Digest): void => {
      const commit = shelf.manifests.get(manifest);
      if (commit === undefined || sizes.has(manifest)) return;
      sizes.set(manifest, commit.content.length);
      for (const { kind, digest: named } of commit.references) {
        if (kind === 'manifest') visit(named);
        else if (shelf.blobs.has(named)) sizes.set(named, this.#shared.held.get(named)?.size ?? 0);
      }
    };
    visit(digest);
    return [...sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  #repositoriesWhere(holds: (shelf: Shelf) => boolean): Repository[] {
    const { shelves } = this.#shared;
    return shelves.repositories().filter((one) => holds(shelves.ensure(one)));
  }
}

function usedAt(shelf: Shelf, digests: readonly Digest[]): { readonly usedAt?: number } {
  if (shelf.repository.kind === 'hosted') return {};
  return { usedAt: Math.max(0, ...digests.map((one) => shelf.uses.get(one) ?? 0)) };
}

/** Entries that share a name stay together. */
function pageOf<Entry>(
  entries: readonly Entry[],
  nameOf: (entry: Entry) => string,
  { after = '', search = '', limit }: SearchPage,
): Found<Entry> {
  const found = entries.filter((one) => nameOf(one) > after && nameOf(one).includes(search));
  const last = found[limit - 1];
  if (last === undefined) return { entries: found, next: undefined };
  const shown = found.filter((one) => nameOf(one) <= nameOf(last));
  return { entries: shown, next: shown.length < found.length ? nameOf(last) : undefined };
}
