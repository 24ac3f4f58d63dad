import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { MirroredRepository, Repository } from '../../oci/repository.ts';
import type {
  BlobRecord,
  CountsWrites,
  ManifestCommit,
  ManifestRecord,
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
import { Connection, type ConnectionOptions } from './connection.ts';
import { SqliteBlobs } from './sqlite-blobs.ts';
import { SqliteCollection } from './sqlite-collection.ts';
import { SqliteDepartures } from './sqlite-departures.ts';
import { SqliteEviction } from './sqlite-eviction.ts';
import { SqliteInventory } from './sqlite-inventory.ts';
import { SqliteManifests } from './sqlite-manifests.ts';
import { SqlitePins } from './sqlite-pins.ts';
import { SqliteRepositories } from './sqlite-repositories.ts';
import { SqliteSightings } from './sqlite-sightings.ts';
import { SqliteTags } from './sqlite-tags.ts';
import { SqliteUpkeep } from './sqlite-upkeep.ts';
import { SqliteUploads } from './sqlite-uploads.ts';

/** What may be lost with the power: a client begins its upload again, a cache fetches again. */
const PASSING = { durable: false };

export interface SqliteMetadataOptions extends ConnectionOptions {
  /** What time it is, ms since the epoch, for what is noted by the way. */
  readonly now?: () => number;
}

/**
 * All metadata in one SQLite file. Here is what happens together and what must outlive a power loss; the
 * statements are in the area classes. Nothing is cached, so several processes may share the file.
 */
export class SqliteMetadataStore implements MetadataStore, CountsWrites {
  readonly inventory: SqliteInventory;
  readonly #connection: Connection;
  readonly #repositories: SqliteRepositories;
  readonly #manifests: SqliteManifests;
  readonly #tags: SqliteTags;
  readonly #sightings: SqliteSightings;
  readonly #blobs: SqliteBlobs;
  readonly #uploads: SqliteUploads;
  readonly #upkeep: SqliteUpkeep;
  readonly #departures: SqliteDepartures;
  readonly #eviction: SqliteEviction;
  readonly #collection: SqliteCollection;

  private constructor(connection: Connection, now: () => number) {
    this.#connection = connection;
    this.#departures = new SqliteDepartures(connection, now);
    this.#repositories = new SqliteRepositories(connection);
    this.#manifests = new SqliteManifests(connection, this.#departures);
    this.#tags = new SqliteTags(connection);
    this.#sightings = new SqliteSightings(connection);
    this.#blobs = new SqliteBlobs(connection, this.#departures);
    this.#uploads = new SqliteUploads(connection);
    this.#upkeep = new SqliteUpkeep(connection, this.#departures);
    const shared = {
      repositories: this.#repositories,
      manifests: this.#manifests,
      upkeep: this.#upkeep,
      departures: this.#departures,
      pins: new SqlitePins(connection),
    };
    this.#eviction = new SqliteEviction(connection, shared);
    this.inventory = new SqliteInventory(connection, shared);
    this.#collection = new SqliteCollection(connection);
  }

  /** Rejects with DatabaseUnusableError (damaged, unreadable) or DatabaseVersionError (too new, not ours). */
  static async open(options: SqliteMetadataOptions): Promise<SqliteMetadataStore> {
    const { now = Date.now } = options;
    return Connection.open(options, (connection) => new SqliteMetadataStore(connection, now));
  }

  /** The lock of the directory keeps other processes from writing. */
  get revision(): number {
    return this.#connection.revision;
  }

  async findManifest(repository: Repository, digest: Digest): Promise<ManifestRecord | undefined> {
    return this.#manifests.find(repository, digest);
  }

  async readManifest(digest: Digest): Promise<Uint8Array | undefined> {
    return this.#manifests.read(digest);
  }

  async commitManifest(commit: ManifestCommit): Promise<void> {
    this.#write(commit, () => {
      const id = this.#repositories.ensure(commit.repository);
      this.#manifests.commit(id, commit);
      this.#settle(id, commit);
    });
  }

  async adoptManifest(
    repository: Repository,
    digest: Digest,
    tags: readonly Tag[],
    at: number,
  ): Promise<ManifestRecord | undefined> {
    return this.#write({ repository }, () => {
      if (!this.#manifests.isHeld(digest)) return undefined;
      const id = this.#repositories.ensure(repository);
      this.#manifests.adopt(id, { repository, digest, at });
      this.#settle(id, { digest, tags, at });
      return this.#manifests.find(repository, digest);
    });
  }

  async deleteManifest(repository: Repository, digest: Digest): Promise<boolean> {
    return this.#makeRoom(repository, () => {
      const id = this.#repositories.find(repository);
      this.#sightings.untakeDigest(repository, digest);
      return id !== undefined && this.#manifests.delete(id, digest, 'deleted');
    });
  }

  async listReferrers(
    repository: Repository,
    subject: Digest,
    query: ReferrersQuery,
  ): Promise<readonly Descriptor[]> {
    return this.#manifests.listReferrers(repository, subject, query);
  }

  async findTag(repository: Repository, tag: Tag): Promise<TagRecord | undefined> {
    return this.#tags.find(repository, tag);
  }

  async recordTag(from: MirroredRepository, tag: Tag, digest: Digest, at: number): Promise<void> {
    this.#write({ repository: from }, () => {
      this.#tags.record(this.#repositories.ensure(from), tag, digest, at);
    });
  }

  async deleteTag(repository: Repository, tag: Tag): Promise<boolean> {
    return this.#makeRoom(repository, () => {
      this.#sightings.untakeTag(repository, tag);
      if (!this.#tags.delete(repository, tag)) return false;
      this.#departures.reference(this.#repositories.ensure(repository), tag, 'deleted');
      return true;
    });
  }

  async listTags(repository: Repository, page: Page): Promise<readonly Tag[]> {
    return this.#tags.list(repository, page);
  }

  async findSighting(repository: Repository, tag: Tag): Promise<TagSighting | undefined> {
    return this.#sightings.find(repository, tag);
  }

  async recordSighting(repository: Repository, tag: Tag, seen: SeenTag): Promise<TagSighting> {
    return this.#write({ repository }, () =>
      this.#sightings.record(this.#repositories.ensure(repository), tag, seen),
    );
  }

  async findBlob(repository: Repository, digest: Digest): Promise<BlobRecord | undefined> {
    return this.#blobs.find(repository, digest);
  }

  async findHeldBlob(digest: Digest): Promise<BlobRecord | undefined> {
    return this.#blobs.findHeld(digest);
  }

  async findBlobReference(
    repository: Repository,
    digest: Digest,
  ): Promise<{ readonly size?: number } | undefined> {
    return this.#blobs.findReference(repository, digest);
  }

  async listBlobRepositories(digest: Digest): Promise<readonly Repository[]> {
    return this.#blobs.listRepositories(digest);
  }

  async recordBlob(repository: Repository, blob: BlobRecord, at: number): Promise<void> {
    this.#write({ repository }, () => {
      this.#blobs.hold(blob, at);
      this.#blobs.link(this.#repositories.ensure(repository), blob, at);
    });
  }

  async linkBlob(repository: Repository, digest: Digest, at: number): Promise<boolean> {
    return this.#write({ repository }, () => {
      const held = this.#blobs.findHeld(digest);
      if (held === undefined) return false;
      this.#blobs.link(this.#repositories.ensure(repository), held, at);
      this.#upkeep.touch({ kind: 'blob', digest, at }, undefined);
      return true;
    });
  }

  async unlinkBlob(
    repository: Repository,
    digest: Digest,
  ): Promise<'absent' | 'unlinked' | 'orphaned'> {
    return this.#makeRoom(repository, () => {
      const id = this.#repositories.find(repository);
      if (id === undefined || !this.#blobs.unlink(id, digest)) return 'absent';
      this.#departures.reference(id, digest, 'deleted');
      if (repository.kind === 'hosted' || this.#blobs.isLinked(digest)) return 'unlinked';
      this.#blobs.forget(digest, 'deleted');
      return 'orphaned';
    });
  }

  async forgetBlob(digest: Digest): Promise<void> {
    this.#connection.makeRoom(() => this.#blobs.forget(digest, 'damaged'), PASSING);
  }

  async createUpload(upload: UploadRecord): Promise<void> {
    this.#connection.write(() => this.#uploads.create(upload), PASSING);
  }

  async findUpload(id: string): Promise<UploadRecord | undefined> {
    return this.#uploads.find(id);
  }

  async touchUpload(id: string, at: number): Promise<void> {
    this.#connection.write(() => this.#uploads.touch(id, at), PASSING);
  }

  async deleteUpload(id: string): Promise<boolean> {
    return this.#connection.makeRoom(() => this.#uploads.delete(id), PASSING);
  }

  async countUploads(repository: Repository): Promise<number> {
    return this.#uploads.count(repository);
  }

  async listUploads(before: number): Promise<readonly UploadRecord[]> {
    return this.#uploads.list(before);
  }

  async hasRepository(repository: Repository): Promise<boolean> {
    return this.#repositories.find(repository) !== undefined;
  }

  async listRepositories(page: Page): Promise<readonly Repository[]> {
    return this.#repositories.list(page);
  }

  async totals(): Promise<StoreTotals> {
    return this.#repositories.totals();
  }

  async recordUses(uses: readonly Use[]): Promise<void> {
    this.#connection.write(() => {
      for (const use of uses) {
        const id = use.kind === 'manifest' ? this.#repositories.find(use.repository) : undefined;
        this.#upkeep.touch(use, id);
      }
    }, PASSING);
  }

  async evictManifests(wanted: { bytes: number; limit: number }): Promise<ReleasedContent> {
    return this.#connection.makeRoom(() => this.#eviction.evict(wanted), PASSING);
  }

  async listLooseBlobs(query: LooseBlobsQuery): Promise<readonly LooseBlob[]> {
    return this.#upkeep.listLoose(query);
  }

  async dropUnreferencedBlobs(digests: readonly Digest[]): Promise<readonly Digest[]> {
    return this.#connection.makeRoom(() => this.#upkeep.dropUnreferenced(digests), PASSING);
  }

  async listHeldBlobs(page: Page<Digest>): Promise<readonly HeldBlob[]> {
    return this.#upkeep.listHeld(page);
  }

  async collectLinks(query: CollectQuery): Promise<CollectedLinks> {
    return this.#connection.makeRoom(() => this.#collection.collect(query), { durable: true });
  }

  async listManifests(
    page: Page<Digest>,
  ): Promise<readonly { digest: Digest; content: Uint8Array }[]> {
    return this.#manifests.list(page);
  }

  async forgetManifest(digest: Digest): Promise<boolean> {
    return this.#connection.makeRoom(() => this.#eviction.forget(digest), PASSING);
  }

  async condemnBlob(digest: Digest, at: number): Promise<void> {
    this.#connection.write(
      () => {
        this.#blobs.forget(digest, 'damaged');
        this.#upkeep.condemn(digest, at);
      },
      { durable: true },
    );
  }

  async isCondemned(repository: Repository, digest: Digest): Promise<boolean> {
    return this.#upkeep.isCondemned(repository, digest);
  }

  async listCondemned(page: Page<Digest>): Promise<readonly Digest[]> {
    return this.#upkeep.listCondemned(page);
  }

  async probe(): Promise<void> {
    this.#connection.write(() => this.#repositories.probe(), PASSING);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  /** One transaction; what is acknowledged of a hosted repository outlives a power loss. */
  #write<T>(to: Pick<ManifestCommit, 'repository' | 'durable'>, work: () => T): T {
    return this.#connection.write(work, { durable: to.durable ?? to.repository.kind === 'hosted' });
  }

  /** As `#write`, of a deletion: on a full disk it is what helps. */
  #makeRoom<T>(repository: Repository, work: () => T): T {
    return this.#connection.makeRoom(work, { durable: repository.kind === 'hosted' });
  }

  /** What every manifest brings with it, pushed, pulled or adopted. */
  #settle(id: number, { digest, tags, at }: Pick<ManifestCommit, 'digest' | 'tags' | 'at'>): void {
    for (const tag of tags) this.#tags.record(id, tag, digest, at);
  }
}
