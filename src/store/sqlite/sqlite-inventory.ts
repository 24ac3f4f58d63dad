import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { Repository } from '../../oci/repository.ts';
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
import type { Connection } from './connection.ts';
import type { SqliteDepartures } from './sqlite-departures.ts';
import { SqliteEvictionOrder } from './sqlite-eviction-order.ts';
import { SqliteHolders } from './sqlite-holders.ts';
import { SqliteListings } from './sqlite-listings.ts';
import { SqliteNextEvictions } from './sqlite-next-evictions.ts';
import type { SqlitePins } from './sqlite-pins.ts';
import type { SqliteRepositories } from './sqlite-repositories.ts';
import type { SqliteUpkeep } from './sqlite-upkeep.ts';
import { SqliteUsage } from './sqlite-usage.ts';

/** What an operator has asked for must outlive a power loss; what is only counted may be lost. */
const [ASKED_FOR, COUNTED] = [{ durable: true }, { durable: false }];

/** What the inventory has in common with the rest of the store. */
export interface SharedAreas {
  readonly repositories: SqliteRepositories;
  readonly upkeep: SqliteUpkeep;
  readonly departures: SqliteDepartures;
  readonly pins: SqlitePins;
}

export class SqliteInventory implements InventoryRecords {
  readonly #connection: Connection;
  readonly #shared: SharedAreas;
  readonly #listings: SqliteListings;
  readonly #holders: SqliteHolders;
  readonly #next: SqliteNextEvictions;
  readonly #usage: SqliteUsage;

  constructor(connection: Connection, shared: SharedAreas) {
    this.#connection = connection;
    this.#shared = shared;
    this.#listings = new SqliteListings(connection);
    this.#holders = new SqliteHolders(connection);
    this.#next = new SqliteNextEvictions(
      connection,
      new SqliteEvictionOrder(connection, shared.pins),
    );
    this.#usage = new SqliteUsage(connection);
  }

  async listRepositories(page: RepositoriesPage): Promise<Found<RepositorySummary>> {
    return this.#listings.repositories(page);
  }

  async listTags(repository: Repository, page: SearchPage): Promise<Found<TagSummary>> {
    return this.#listings.tags(repository, page);
  }

  async describeManifest(
    repository: Repository,
    digest: Digest,
  ): Promise<ManifestSummary | undefined> {
    return this.#holders.describe(repository, digest);
  }

  async listManifestRepositories(digest: Digest): Promise<readonly Repository[]> {
    return this.#holders.ofManifest(digest);
  }

  async listBlobReferrers(digest: Digest): Promise<readonly Repository[]> {
    return this.#holders.ofBlob(digest);
  }

  async addPin(pattern: string, at: number): Promise<boolean> {
    return this.#connection.write(() => this.#shared.pins.add(pattern, at), ASKED_FOR);
  }

  async removePin(pattern: string, limit: number): Promise<'absent' | 'more' | 'removed'> {
    return this.#connection.makeRoom(() => this.#shared.pins.remove(pattern, limit), ASKED_FOR);
  }

  async configurePins(
    patterns: readonly string[],
    at: number,
    limit: number,
  ): Promise<'more' | 'done'> {
    const { pins } = this.#shared;
    // Most starts change nothing, and then nothing is written.
    if (pins.areConfigured(patterns)) return 'done';
    return this.#connection.makeRoom(() => pins.configure(patterns, at, limit), ASKED_FOR);
  }

  async listPins(): Promise<readonly Pin[]> {
    return this.#shared.pins.list();
  }

  async nextEvictions(query: {
    limit: number;
    looseBefore: number;
  }): Promise<readonly NextEviction[]> {
    const { limit, looseBefore } = query;
    const loose = this.#shared.upkeep.listLoose({ usedBefore: looseBefore, limit });
    const blobs = loose.map((blob) => this.#next.blob(blob));
    return [...blobs, ...this.#next.manifests(limit - blobs.length)];
  }

  async addUsage(usage: readonly UsageRecord[], keepFrom: string): Promise<void> {
    this.#connection.write(() => this.#usage.add(usage, keepFrom), COUNTED);
  }

  async listUsage(from: string): Promise<readonly UsageRecord[]> {
    return this.#usage.list(from);
  }

  async findDeparture(
    repository: Repository,
    reference: Tag | Digest,
  ): Promise<Departure | undefined> {
    const id = this.#shared.repositories.find(repository);
    return id === undefined ? undefined : this.#shared.departures.find(id, reference);
  }
}
