/**
 * Port: what is known about content. Every method is one whole operation that either happens or does not (no
 * transaction crosses the port: SQLite's may not wait, PostgreSQL's must).
 *
 * `undefined` or `false` means "not there"; every failure throws, so that a broken database never looks like a miss.
 * Times are milliseconds since the epoch, sizes are bytes, listings are in byte order. What is acknowledged of a hosted
 * repository (but for upload sessions) outlives a power loss; of a mirrored one the last commits may be lost, each as a whole.
 */
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest, DigestAlgorithm } from '../oci/digest.ts';
import type { Tag } from '../oci/reference.ts';
import type { MirroredRepository, Repository } from '../oci/repository.ts';
import type { InventoryRecords } from './inventory-records.ts';
import type { TagSightings } from './tag-sightings.ts';
import type { UpkeepRecords } from './upkeep-records.ts';

export interface ManifestRecord {
  readonly digest: Digest;
  /** The media type that it was pushed or received with, in this repository. */
  readonly mediaType: string;
  readonly size: number;
}

export interface TagRecord {
  readonly digest: Digest;
  /** When this digest was first seen under the tag. */
  readonly cachedAt: number;
  /** When the tag was last known to name this digest (pushed, fetched or revalidated). */
  readonly checkedAt: number;
  /** Absent where the tag is known (from a HEAD) but its manifest is not held. */
  readonly manifest?: ManifestRecord;
}

/** What a manifest names and what a registry must therefore keep. */
export interface ManifestReference {
  readonly kind: 'blob' | 'manifest';
  readonly digest: Digest;
  readonly size: number;
}

export interface ManifestCommit {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly mediaType: string;
  /** The exact bytes. */
  readonly content: Uint8Array;
  readonly references: readonly ManifestReference[];
  readonly subject?: Digest;
  /** As the referrers API shows it: the manifest's own, else its config's media type. */
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Tags to point at it, in the same step. */
  readonly tags: readonly Tag[];
  readonly at: number;
  /** It outlives a power loss in a mirrored repository, too, and all that was recorded before it. */
  readonly durable?: true;
}

export interface BlobRecord {
  readonly digest: Digest;
  readonly size: number;
}

export interface UploadRecord {
  /** Random, and the only thing that a client needs to know to go on. */
  readonly id: string;
  readonly repository: Repository;
  readonly algorithm: DigestAlgorithm;
  readonly createdAt: number;
  readonly usedAt: number;
}

export interface Page<Key extends string = string> {
  /** Only entries behind this one; it need not exist. */
  readonly after?: Key | undefined;
  readonly limit: number;
}

export interface ReferrersQuery extends Page<Digest> {
  readonly artifactType?: string | undefined;
}

export interface StoreTotals {
  readonly blobs: number;
  readonly blobBytes: number;
  /** Bytes of the blobs that no hosted repository refers to: what eviction counts. */
  readonly mirroredBytes: number;
  readonly manifests: number;
}

export interface ManifestRecords {
  /** The record of a manifest that this repository holds. */
  findManifest(repository: Repository, digest: Digest): Promise<ManifestRecord | undefined>;
  /** The exact bytes of a manifest that some repository holds. */
  readManifest(digest: Digest): Promise<Uint8Array | undefined>;
  /**
   * Makes the manifest, its references and its tags known together, and the repository where it is new. Committing the
   * same digest again is fine (media type and tags are brought up to date). In a hosted repository the commit is
   * durable against power loss before this resolves. Naming a blob gives no right to read
   * it: it has to be pushed, mounted or fetched.
   */
  commitManifest(commit: ManifestCommit): Promise<void>;
  /**
   * Gives `repository` a manifest whose content is held for another one, and points `tags` at it. Not held at all → undefined. The caller has
   * made sure that the repository may have it.
   */
  adoptManifest(
    repository: Repository,
    digest: Digest,
    tags: readonly Tag[],
    at: number,
  ): Promise<ManifestRecord | undefined>;
  /** Removes the manifest and every tag that points at it from the repository; the bytes go with the last repository. */
  deleteManifest(repository: Repository, digest: Digest): Promise<boolean>;
  /**
   * Descriptors of the repository's manifests whose subject is `subject`, by digest; fewer than asked for also where their
   * annotations are very long (`boundedDescriptors`).
   */
  listReferrers(
    repository: Repository,
    subject: Digest,
    query: ReferrersQuery,
  ): Promise<readonly Descriptor[]>;
}

export interface TagRecords {
  findTag(repository: Repository, tag: Tag): Promise<TagRecord | undefined>;
  /**
   * Notes that the tag names `digest` as of `at`, whether the manifest is held or not. `cachedAt` only changes with the digest.
   * A hosted tag comes with the commit of its manifest, and goes with it.
   */
  recordTag(from: MirroredRepository, tag: Tag, digest: Digest, at: number): Promise<void>;
  deleteTag(repository: Repository, tag: Tag): Promise<boolean>;
  /** Tags whose manifest is held. */
  listTags(repository: Repository, page: Page): Promise<readonly Tag[]>;
}

export interface BlobRecords {
  /** A blob that is held *and* that the repository refers to: the only ones that it may serve. */
  findBlob(repository: Repository, digest: Digest): Promise<BlobRecord | undefined>;
  /** A blob that is held for whatever repository. */
  findHeldBlob(digest: Digest): Promise<BlobRecord | undefined>;
  /**
   * Whether the repository refers to the blob, by a link or by one of its manifests, held or not; with its size where that
   * is known.
   */
  findBlobReference(
    repository: Repository,
    digest: Digest,
  ): Promise<{ readonly size?: number } | undefined>;
  /** The repositories that may serve the blob, by display name, for mounts without a source. */
  listBlobRepositories(digest: Digest): Promise<readonly Repository[]>;
  /**
   * Notes a blob that has just been committed to the blob store, and that the repository refers to it. Durable against power loss in a hosted
   * repository.
   */
  recordBlob(repository: Repository, blob: BlobRecord, at: number): Promise<void>;
  /** Makes the repository refer to a blob that is held; false where it is not held. Durable as `recordBlob`. */
  linkBlob(repository: Repository, digest: Digest, at: number): Promise<boolean>;
  /**
   * Takes the blob away from the repository. `orphaned`: no repository refers to it any more, its record is gone
   * and its bytes may be deleted. Only a mirrored repository orphans: what was pushed keeps its record until it is collected.
   */
  unlinkBlob(repository: Repository, digest: Digest): Promise<'absent' | 'unlinked' | 'orphaned'>;
  /** The bytes are lost or wrong: the blob is no longer held. Who refers to it is kept. */
  forgetBlob(digest: Digest): Promise<void>;
}

export interface UploadRecords {
  createUpload(upload: UploadRecord): Promise<void>;
  findUpload(id: string): Promise<UploadRecord | undefined>;
  touchUpload(id: string, at: number): Promise<void>;
  deleteUpload(id: string): Promise<boolean>;
  countUploads(repository: Repository): Promise<number>;
  /** Sessions last used before `before`. */
  listUploads(before: number): Promise<readonly UploadRecord[]>;
}

export interface RepositoryRecords {
  /** Known: something was pushed to it (hosted) or fetched from it (mirrored). Emptied by deletes it stays known. */
  hasRepository(repository: Repository): Promise<boolean>;
  /**
   * The repositories that hold at least one manifest, hosted and mirrored, by display name, which is also what `after` means.
   * Two that share one are never parted, so a page may hold one entry more than its limit.
   */
  listRepositories(page: Page): Promise<readonly Repository[]>;
  totals(): Promise<StoreTotals>;
}

/** What a store may be able to do besides; found by its guard. */
export interface CountsWrites {
  /**
   * Another number after every write: as long as it is the same, every look-up would find what it found before. Several
   * processes over one database need one that counts the writes of all.
   */
  readonly revision: number;
}

export function countsWrites(store: object): store is CountsWrites {
  return 'revision' in store;
}

export interface MetadataStore
  extends
    ManifestRecords,
    TagRecords,
    TagSightings,
    BlobRecords,
    UploadRecords,
    RepositoryRecords,
    UpkeepRecords {
  /** Listings, pins, usage, and what has gone. */
  readonly inventory: InventoryRecords;
  /** Proves that the database answers and can be written to; throws if not. For readiness. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
