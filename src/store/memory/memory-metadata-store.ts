import { type Clock, systemClock } from '../../clock.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import { displayName, type MirroredRepository, type Repository } from '../../oci/repository.ts';
import { boundedDescriptors } from '../bounded-descriptors.ts';
import { compareBytes } from '../byte-order.ts';
import type {
  BlobRecord,
  ManifestCommit,
  ManifestRecord,
  ManifestReference,
  MetadataStore,
  Page,
  ReferrersQuery,
  StoreTotals,
  TagRecord,
  UploadRecord,
} from '../metadata-store.ts';
import type {
  CollectedLinks,
  CollectQuery,
  HeldBlob,
  LooseBlob,
  LooseBlobsQuery,
  ReleasedContent,
  Use,
} from '../upkeep-records.ts';
import type { SeenTag, TagSighting } from '../tag-sightings.ts';
import { MemoryDepartures } from './memory-departures.ts';
import { MemoryInventory } from './memory-inventory.ts';
import { MemoryPins } from './memory-pins.ts';
import { MemoryShelves, setTag, type Shelf } from './memory-shelves.ts';
import { MemorySightings } from './memory-sightings.ts';
import { type HeldContent, MemoryUpkeep } from './memory-upkeep.ts';

/** Metadata in memory, for tests: every answer is worked out from the commits themselves. */
export class MemoryMetadataStore implements MetadataStore {
  readonly #shelves = new MemoryShelves();
  readonly #held = new Map<Digest, HeldContent>();
  readonly #uploads = new Map<string, UploadRecord>();
  readonly #sightings = new MemorySightings();
  readonly #departures: MemoryDepartures;
  readonly #upkeep: MemoryUpkeep;
  readonly inventory: MemoryInventory;

  /** @param clock - for what is noted by the way */
  constructor(clock: Clock = systemClock) {
    this.#departures = new MemoryDepartures(() => clock.now());
    const shared = {
      shelves: this.#shelves,
      held: this.#held,
      departures: this.#departures,
      pins: new MemoryPins(),
    };
    this.#upkeep = new MemoryUpkeep(shared);
    this.inventory = new MemoryInventory({ ...shared, upkeep: this.#upkeep });
  }

  async findManifest(repository: Repository, digest: Digest): Promise<ManifestRecord | undefined> {
    return this.#manifest(this.#shelves.find(repository), digest);
  }

  async readManifest(digest: Digest): Promise<Uint8Array | undefined> {
    return this.#shelves.anyCommit(digest)?.content;
  }

  async commitManifest(commit: ManifestCommit): Promise<void> {
    const { repository, digest, tags, at } = commit;
    const shelf = this.#shelves.ensure(repository);
    if (!shelf.manifests.has(digest)) shelf.additions.set(digest, at);
    shelf.manifests.set(digest, { ...commit, content: commit.content.slice() });
    this.#upkeep.touch(shelf, digest, at);
    for (const tag of tags) setTag(shelf, tag, digest, at);
  }

  async adoptManifest(
    repository: Repository,
    digest: Digest,
    tags: readonly Tag[],
    at: number,
  ): Promise<ManifestRecord | undefined> {
    const own = this.#shelves.find(repository)?.manifests.get(digest);
    const commit = own ?? this.#shelves.anyCommit(digest);
    if (commit === undefined) return undefined;
    await this.commitManifest({ ...commit, repository, tags, at });
    return this.findManifest(repository, digest);
  }

  async deleteManifest(repository: Repository, digest: Digest): Promise<boolean> {
    const shelf = this.#shelves.find(repository);
    this.#sightings.untakeDigest(repository, digest);
    if (shelf?.manifests.delete(digest) !== true) return false;
    this.#departures.manifest(shelf, digest, 'deleted');
    for (const [tag, record] of shelf.tags) if (record.digest === digest) shelf.tags.delete(tag);
    return true;
  }

  async listReferrers(
    repository: Repository,
    subject: Digest,
    { artifactType, after, limit }: ReferrersQuery,
  ): Promise<readonly Descriptor[]> {
    const found = this.#shelves
      .commits(repository)
      .filter((commit) => commit.subject === subject && commit.digest > (after ?? ''))
      .filter((commit) => artifactType === undefined || commit.artifactType === artifactType)
      .toSorted((a, b) => compareBytes(a.digest, b.digest))
      .slice(0, limit);
    return boundedDescriptors(found.map(descriptorOf));
  }

  async findTag(repository: Repository, tag: Tag): Promise<TagRecord | undefined> {
    const shelf = this.#shelves.find(repository);
    const record = shelf?.tags.get(tag);
    if (record === undefined) return undefined;
    const manifest = this.#manifest(shelf, record.digest);
    return manifest ? { ...record, manifest } : record;
  }

  async recordTag(from: MirroredRepository, tag: Tag, digest: Digest, at: number): Promise<void> {
    setTag(this.#shelves.ensure(from), tag, digest, at);
  }

  async deleteTag(repository: Repository, tag: Tag): Promise<boolean> {
    this.#sightings.untakeTag(repository, tag);
    const shelf = this.#shelves.find(repository);
    if (shelf?.tags.delete(tag) !== true) return false;
    this.#departures.reference(shelf, tag, 'deleted');
    return true;
  }

  async findSighting(repository: Repository, tag: Tag): Promise<TagSighting | undefined> {
    return this.#sightings.find(repository, tag);
  }

  async recordSighting(repository: Repository, tag: Tag, seen: SeenTag): Promise<TagSighting> {
    return this.#sightings.record(repository, tag, seen);
  }

  async listTags(repository: Repository, { after = '', limit }: Page): Promise<readonly Tag[]> {
    const shelf = this.#shelves.find(repository);
    if (shelf === undefined) return [];
    return [...shelf.tags]
      .filter(([tag, { digest }]) => tag > after && shelf.manifests.has(digest))
      .map(([tag]) => tag)
      .toSorted(compareBytes)
      .slice(0, limit);
  }

  async findBlob(repository: Repository, digest: Digest): Promise<BlobRecord | undefined> {
    const linked = this.#shelves.find(repository)?.blobs.has(digest) ?? false;
    return linked ? this.findHeldBlob(digest) : undefined;
  }

  async findHeldBlob(digest: Digest): Promise<BlobRecord | undefined> {
    const held = this.#held.get(digest);
    return held && { digest, size: held.size };
  }

  async findBlobReference(
    repository: Repository,
    digest: Digest,
  ): Promise<{ readonly size?: number } | undefined> {
    const linked = this.#shelves.find(repository)?.blobs.get(digest);
    if (linked !== undefined) return { size: linked.size };
    const naming = this.#shelves.commits(repository).find(names('blob', digest));
    const named = naming?.references.find((reference) => reference.digest === digest);
    return named && { size: named.size };
  }

  async listBlobRepositories(digest: Digest): Promise<readonly Repository[]> {
    if (!this.#held.has(digest)) return [];
    return this.#shelves
      .repositories()
      .filter((repository) => this.#shelves.find(repository)?.blobs.has(digest) === true);
  }

  async recordBlob(repository: Repository, blob: BlobRecord, at: number): Promise<void> {
    const { digest, size } = blob;
    this.#upkeep.hold(blob, at);
    this.#link(this.#shelves.ensure(repository), digest, size, at);
  }

  async linkBlob(repository: Repository, digest: Digest, at: number): Promise<boolean> {
    const held = this.#held.get(digest);
    if (held === undefined) return false;
    held.usedAt = Math.max(held.usedAt, at);
    this.#link(this.#shelves.ensure(repository), digest, held.size, at);
    return true;
  }

  async unlinkBlob(
    repository: Repository,
    digest: Digest,
  ): Promise<'absent' | 'unlinked' | 'orphaned'> {
    const own = this.#shelves.find(repository);
    if (own?.blobs.delete(digest) !== true) return 'absent';
    this.#departures.reference(own, digest, 'deleted');
    const linked = this.#shelves.all().some((shelf) => shelf.blobs.has(digest));
    if (linked || repository.kind === 'hosted') return 'unlinked';
    this.#held.delete(digest);
    return 'orphaned';
  }

  async forgetBlob(digest: Digest): Promise<void> {
    if (this.#held.delete(digest)) this.#departures.blob(this.#shelves.all(), digest, 'damaged');
  }

  async createUpload(upload: UploadRecord): Promise<void> {
    if (this.#uploads.has(upload.id)) throw new Error(`upload ${upload.id} exists`);
    this.#uploads.set(upload.id, upload);
  }

  async findUpload(id: string): Promise<UploadRecord | undefined> {
    return this.#uploads.get(id);
  }

  async touchUpload(id: string, at: number): Promise<void> {
    const upload = this.#uploads.get(id);
    if (upload) this.#uploads.set(id, { ...upload, usedAt: at });
  }

  async deleteUpload(id: string): Promise<boolean> {
    return this.#uploads.delete(id);
  }

  async countUploads(repository: Repository): Promise<number> {
    return [...this.#uploads.values()].filter((upload) => isSame(upload.repository, repository))
      .length;
  }

  async listUploads(before: number): Promise<readonly UploadRecord[]> {
    return [...this.#uploads.values()]
      .filter(({ usedAt }) => usedAt < before)
      .toSorted((a, b) => a.usedAt - b.usedAt);
  }

  async hasRepository(repository: Repository): Promise<boolean> {
    return this.#shelves.find(repository) !== undefined;
  }

  async listRepositories({ after = '', limit }: Page): Promise<readonly Repository[]> {
    const listed = this.#shelves
      .repositories()
      .filter((one) => displayName(one) > after && this.#shelves.commits(one).length > 0);
    const last = listed[limit - 1];
    if (limit <= 0 || last === undefined) return listed.slice(0, limit);
    // Two that share a display name stay together, as the next page starts behind it.
    return listed.filter((one) => displayName(one) <= displayName(last));
  }

  async totals(): Promise<StoreTotals> {
    const manifests = new Set(this.#shelves.all().flatMap((shelf) => [...shelf.manifests.keys()]));
    const blobBytes = [...this.#held.values()].reduce((sum, { size }) => sum + size, 0);
    const mirroredBytes = this.#upkeep.mirroredBytes();
    return { blobs: this.#held.size, blobBytes, mirroredBytes, manifests: manifests.size };
  }

  async recordUses(uses: readonly Use[]): Promise<void> {
    for (const use of uses) {
      const shelf = use.kind === 'manifest' ? this.#shelves.find(use.repository) : undefined;
      if (use.kind === 'blob') this.#upkeep.touchBlob(use.digest, use.at);
      else if (shelf) this.#upkeep.touchWithChildren(shelf, use.digest, use.at);
    }
  }

  async evictManifests(wanted: { bytes: number; limit: number }): Promise<ReleasedContent> {
    return this.#upkeep.evict(wanted);
  }

  async listLooseBlobs(query: LooseBlobsQuery): Promise<readonly LooseBlob[]> {
    return this.#upkeep.listLoose(query);
  }

  async dropUnreferencedBlobs(digests: readonly Digest[]): Promise<readonly Digest[]> {
    return digests.filter((digest) => this.#upkeep.dropUnreferenced(digest));
  }

  async listHeldBlobs(page: Page<Digest>): Promise<readonly HeldBlob[]> {
    return this.#upkeep.listHeld(page);
  }

  async collectLinks(query: CollectQuery): Promise<CollectedLinks> {
    return this.#upkeep.collect(query);
  }

  async listManifests(
    page: Page<Digest>,
  ): Promise<readonly { digest: Digest; content: Uint8Array }[]> {
    return this.#upkeep.listManifests(page);
  }

  async forgetManifest(digest: Digest): Promise<boolean> {
    return this.#upkeep.forgetManifest(digest);
  }

  async condemnBlob(digest: Digest): Promise<void> {
    this.#upkeep.condemn(digest);
  }

  async isCondemned(repository: Repository, digest: Digest): Promise<boolean> {
    return this.#upkeep.isCondemned(this.#shelves.find(repository), digest);
  }

  async listCondemned(page: Page<Digest>): Promise<readonly Digest[]> {
    return this.#upkeep.listCondemned(page);
  }

  async probe(): Promise<void> {
    // Memory always answers.
  }

  async close(): Promise<void> {
    this.#shelves.clear();
  }

  #link(shelf: Shelf, digest: Digest, size: number, at: number): void {
    const addedAt = shelf.blobs.get(digest)?.addedAt ?? at;
    shelf.blobs.set(digest, { size, addedAt });
  }

  #manifest(shelf: Shelf | undefined, digest: Digest): ManifestRecord | undefined {
    const commit = shelf?.manifests.get(digest);
    return commit && { digest, mediaType: commit.mediaType, size: commit.content.length };
  }
}

function isSame(one: Repository, other: Repository): boolean {
  return one.kind === other.kind && displayName(one) === displayName(other);
}

function names(kind: ManifestReference['kind'], digest: Digest) {
  return ({ references }: ManifestCommit): boolean =>
    references.some((named) => named.kind === kind && named.digest === digest);
}

function descriptorOf(commit: ManifestCommit): Descriptor {
  const { mediaType, digest, content, artifactType, annotations } = commit;
  return {
    mediaType,
    digest,
    size: content.length,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations }),
  };
}
