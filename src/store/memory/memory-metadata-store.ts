import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import { displayName, type Repository } from '../../oci/repository.ts';
import { compareBytes, compareRepositories } from '../byte-order.ts';
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

/** What one repository knows; it stays when its content has gone. */
interface Shelf {
  readonly repository: Repository;
  /** By digest; the media type is this repository's own. */
  readonly manifests: Map<Digest, ManifestCommit>;
  readonly tags: Map<Tag, Omit<TagRecord, 'manifest'>>;
  /** Sizes of the blobs that it refers to, held or not. */
  readonly blobs: Map<Digest, number>;
}

/** Metadata in memory, for tests: every answer is worked out from the commits themselves. */
export class MemoryMetadataStore implements MetadataStore {
  readonly #shelves = new Map<string, Shelf>();
  readonly #held = new Map<Digest, number>();
  readonly #uploads = new Map<string, UploadRecord>();

  async findManifest(repository: Repository, digest: Digest): Promise<ManifestRecord | undefined> {
    return this.#manifest(this.#find(repository), digest);
  }

  async readManifest(digest: Digest): Promise<Uint8Array | undefined> {
    return this.#anyCommit(digest)?.content;
  }

  async commitManifest(commit: ManifestCommit): Promise<void> {
    const { repository, digest, tags, at } = commit;
    const shelf = this.#ensure(repository);
    shelf.manifests.set(digest, { ...commit, content: commit.content.slice() });
    if (repository.kind === 'mirrored') {
      for (const named of commit.references) {
        const isNew = named.kind === 'blob' && !shelf.blobs.has(named.digest);
        if (isNew) shelf.blobs.set(named.digest, named.size);
      }
    }
    for (const tag of tags) this.#tag(shelf, tag, digest, at);
  }

  async adoptManifest(
    repository: Repository,
    digest: Digest,
    tags: readonly Tag[],
    at: number,
  ): Promise<ManifestRecord | undefined> {
    const own = this.#find(repository)?.manifests.get(digest);
    const commit = own ?? this.#anyCommit(digest);
    if (commit === undefined) return undefined;
    await this.commitManifest({ ...commit, repository, tags, at });
    return this.findManifest(repository, digest);
  }

  async deleteManifest(repository: Repository, digest: Digest): Promise<boolean> {
    const shelf = this.#find(repository);
    if (shelf?.manifests.delete(digest) !== true) return false;
    for (const [tag, record] of shelf.tags) if (record.digest === digest) shelf.tags.delete(tag);
    return true;
  }

  async refersToManifest(repository: Repository, digest: Digest): Promise<boolean> {
    return this.#commits(repository).some(names('manifest', digest));
  }

  async listReferrers(
    repository: Repository,
    subject: Digest,
    { artifactType, after, limit }: ReferrersQuery,
  ): Promise<readonly Descriptor[]> {
    return this.#commits(repository)
      .filter((commit) => commit.subject === subject && commit.digest > (after ?? ''))
      .filter((commit) => artifactType === undefined || commit.artifactType === artifactType)
      .toSorted((a, b) => compareBytes(a.digest, b.digest))
      .slice(0, limit)
      .map(descriptorOf);
  }

  async findTag(repository: Repository, tag: Tag): Promise<TagRecord | undefined> {
    const shelf = this.#find(repository);
    const record = shelf?.tags.get(tag);
    if (record === undefined) return undefined;
    const manifest = this.#manifest(shelf, record.digest);
    return manifest ? { ...record, manifest } : record;
  }

  async recordTag(repository: Repository, tag: Tag, digest: Digest, at: number): Promise<void> {
    this.#tag(this.#ensure(repository), tag, digest, at);
  }

  async deleteTag(repository: Repository, tag: Tag): Promise<boolean> {
    return this.#find(repository)?.tags.delete(tag) ?? false;
  }

  async listTags(repository: Repository, { after = '', limit }: Page): Promise<readonly Tag[]> {
    const shelf = this.#find(repository);
    if (shelf === undefined) return [];
    return [...shelf.tags]
      .filter(([tag, { digest }]) => tag > after && shelf.manifests.has(digest))
      .map(([tag]) => tag)
      .toSorted(compareBytes)
      .slice(0, limit);
  }

  async findBlob(repository: Repository, digest: Digest): Promise<BlobRecord | undefined> {
    const linked = this.#find(repository)?.blobs.has(digest) ?? false;
    return linked ? this.findHeldBlob(digest) : undefined;
  }

  async findHeldBlob(digest: Digest): Promise<BlobRecord | undefined> {
    const size = this.#held.get(digest);
    return size === undefined ? undefined : { digest, size };
  }

  async findBlobReference(
    repository: Repository,
    digest: Digest,
  ): Promise<{ readonly size?: number } | undefined> {
    const linked = this.#find(repository)?.blobs.get(digest);
    if (linked !== undefined) return { size: linked };
    const naming = this.#commits(repository).find(names('blob', digest));
    const named = naming?.references.find((reference) => reference.digest === digest);
    return named && { size: named.size };
  }

  async listBlobRepositories(digest: Digest): Promise<readonly Repository[]> {
    if (!this.#held.has(digest)) return [];
    return this.#sorted().filter(
      (repository) => this.#find(repository)?.blobs.has(digest) === true,
    );
  }

  async recordBlob(repository: Repository, { digest, size }: BlobRecord): Promise<void> {
    this.#held.set(digest, size);
    this.#ensure(repository).blobs.set(digest, size);
  }

  async linkBlob(repository: Repository, digest: Digest): Promise<boolean> {
    const size = this.#held.get(digest);
    if (size === undefined) return false;
    this.#ensure(repository).blobs.set(digest, size);
    return true;
  }

  async unlinkBlob(
    repository: Repository,
    digest: Digest,
  ): Promise<'absent' | 'unlinked' | 'orphaned'> {
    if (this.#find(repository)?.blobs.delete(digest) !== true) return 'absent';
    const linked = [...this.#shelves.values()].some((shelf) => shelf.blobs.has(digest));
    if (linked || repository.kind === 'hosted') return 'unlinked';
    this.#held.delete(digest);
    return 'orphaned';
  }

  async forgetBlob(digest: Digest): Promise<void> {
    this.#held.delete(digest);
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
    const key = keyOf(repository);
    return [...this.#uploads.values()].filter((upload) => keyOf(upload.repository) === key).length;
  }

  async listUploads(before: number): Promise<readonly UploadRecord[]> {
    return [...this.#uploads.values()]
      .filter(({ usedAt }) => usedAt < before)
      .toSorted((a, b) => a.usedAt - b.usedAt);
  }

  async hasRepository(repository: Repository): Promise<boolean> {
    return this.#find(repository) !== undefined;
  }

  async listRepositories({ after = '', limit }: Page): Promise<readonly Repository[]> {
    const listed = this.#sorted().filter(
      (one) => displayName(one) > after && this.#commits(one).length > 0,
    );
    const last = listed[limit - 1];
    if (limit <= 0 || last === undefined) return listed.slice(0, limit);
    // Two that share a display name stay together, as the next page starts behind it.
    return listed.filter((one) => displayName(one) <= displayName(last));
  }

  async totals(): Promise<StoreTotals> {
    const manifests = new Set(
      [...this.#shelves.values()].flatMap((shelf) => [...shelf.manifests.keys()]),
    );
    const blobBytes = [...this.#held.values()].reduce((sum, size) => sum + size, 0);
    return { blobs: this.#held.size, blobBytes, manifests: manifests.size };
  }

  async probe(): Promise<void> {
    // Memory always answers.
  }

  async close(): Promise<void> {
    this.#shelves.clear();
  }

  #find(repository: Repository): Shelf | undefined {
    return this.#shelves.get(keyOf(repository));
  }

  #ensure(repository: Repository): Shelf {
    const known = this.#find(repository);
    if (known !== undefined) return known;
    const shelf = { repository, manifests: new Map(), tags: new Map(), blobs: new Map() };
    this.#shelves.set(keyOf(repository), shelf);
    return shelf;
  }

  #commits(repository: Repository): ManifestCommit[] {
    return [...(this.#find(repository)?.manifests.values() ?? [])];
  }

  #anyCommit(digest: Digest): ManifestCommit | undefined {
    for (const shelf of this.#shelves.values()) {
      const commit = shelf.manifests.get(digest);
      if (commit !== undefined) return commit;
    }
    return undefined;
  }

  #manifest(shelf: Shelf | undefined, digest: Digest): ManifestRecord | undefined {
    const commit = shelf?.manifests.get(digest);
    return commit && { digest, mediaType: commit.mediaType, size: commit.content.length };
  }

  #tag(shelf: Shelf, tag: Tag, digest: Digest, at: number): void {
    const before = shelf.tags.get(tag);
    const cachedAt = before?.digest === digest ? before.cachedAt : at;
    shelf.tags.set(tag, { digest, cachedAt, checkedAt: at });
  }

  #sorted(): Repository[] {
    return [...this.#shelves.values()]
      .map(({ repository }) => repository)
      .toSorted(compareRepositories);
  }
}

/** Tells a hosted repository from a mirrored one that is displayed alike. */
function keyOf(repository: Repository): string {
  return `${repository.kind} ${displayName(repository)} ${repository.name}`;
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
