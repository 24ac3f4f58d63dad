/**
 * The part of the metadata port that tells what is held, what was done, and what is to stay: listings, pins, usage, and
 * what has gone. As there, every method is one whole operation, and none costs more because more is held.
 */
import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/reference.ts';
import type { Repository } from '../oci/repository.ts';
import type { UsageCounts } from '../usage-counts.ts';
import type { ManifestRecord, Page } from './metadata-store.ts';
import type { LooseBlob } from './upkeep-records.ts';

export interface RepositorySummary {
  readonly repository: Repository;
  /** Tags that are known. */
  readonly tags: number;
  /** Of the held blobs that it refers to. */
  readonly bytes: number;
  /** Absent in a hosted repository. */
  readonly usedAt?: number;
  /** When something was last added to it. */
  readonly cachedAt: number;
}

export interface TagSummary {
  readonly name: Tag;
  readonly manifest: ManifestRecord;
  /** Everything of the image that the repository holds: manifests and blobs, each once. */
  readonly bytes: number;
  readonly cachedAt: number;
  readonly checkedAt: number;
  /** Absent in a hosted repository. */
  readonly usedAt?: number;
}

export interface ManifestSummary extends ManifestRecord {
  readonly artifactType?: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly addedAt: number;
  /** Absent in a hosted repository. */
  readonly usedAt?: number;
  /** The repository's tags that name it, a hundred of them at most. */
  readonly tags: readonly Tag[];
}

export interface SearchPage extends Page {
  /** Only names with this in them. */
  readonly search?: string | undefined;
}

export interface RepositoriesPage extends SearchPage {
  readonly kind?: Repository['kind'] | undefined;
}

/** What a bounded look at a listing found: it may find nothing and yet not be at the end. */
export interface Found<Entry> {
  readonly entries: readonly Entry[];
  /** To go on behind; undefined at the end. */
  readonly next: string | undefined;
}

export interface Pin {
  readonly pattern: string;
  readonly at: number;
  /** It stands in the configuration. */
  readonly configured: boolean;
}

export type NextEviction =
  | {
      readonly kind: 'manifest';
      readonly repository: Repository;
      readonly digest: Digest;
      readonly tags: readonly Tag[];
      /** Some tags of indexes that name it, and of what it refers to: what people know it as a part of. */
      readonly belongsTo: readonly Tag[];
      /** Of the blobs that are loose when it and everything before it has gone. */
      readonly bytes: number;
      readonly usedAt: number;
    }
  /** A loose blob; `repository` is one that refers to it. */
  | {
      readonly kind: 'blob';
      readonly repository: Repository | undefined;
      readonly digest: Digest;
      readonly bytes: number;
      readonly usedAt: number;
    };

export interface UsageRecord extends UsageCounts {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** Undefined: hosted repositories. */
  readonly upstream: string | undefined;
}

/** Why something that was here is here no more. */
export interface Departure {
  readonly reason: 'evicted' | 'deleted' | 'damaged';
  readonly at: number;
}

export interface InventoryRecords {
  /** Those that hold at least one manifest, as `listRepositories` of the metadata store orders and pages them. */
  listRepositories(page: RepositoriesPage): Promise<Found<RepositorySummary>>;
  /** Tags whose manifest is held. */
  listTags(repository: Repository, page: SearchPage): Promise<Found<TagSummary>>;
  describeManifest(repository: Repository, digest: Digest): Promise<ManifestSummary | undefined>;
  /** The repositories that hold the manifest, by display name. */
  listManifestRepositories(digest: Digest): Promise<readonly Repository[]>;
  /** The repositories that refer to the blob, held or not, by display name. */
  listBlobReferrers(digest: Digest): Promise<readonly Repository[]>;

  /**
   * From now on, what `pattern` matches is not evicted, whenever it comes, nor what it needs (an index keeps its manifests, a
   * manifest its blobs), nor what refers to it, by its subject or by a tag that cosign makes. See `imageMatcher`. False where that pin is there already.
   */
  addPin(pattern: string, at: number): Promise<boolean>;
  /**
   * Takes the pin away, and makes up to `limit` manifests again what eviction looks at; `more`: the pin stands until
   * another call has done the rest.
   */
  removePin(pattern: string, limit: number): Promise<'absent' | 'more' | 'removed'>;
  /**
   * From now on these are the pins of the configuration: others that were are taken away as `removePin` does, and what was
   * added by `addPin` belongs to the configuration where it stands there. `more`: another call has to do the rest.
   */
  configurePins(patterns: readonly string[], at: number, limit: number): Promise<'more' | 'done'>;
  /** By pattern. */
  listPins(): Promise<readonly Pin[]>;
  /**
   * The first `limit` of what eviction would take, in its order: loose blobs last used before `looseBefore`, then
   * manifests. What is pinned is not among them.
   */
  nextEvictions(query: {
    readonly limit: number;
    readonly looseBefore: LooseBlob['usedAt'];
  }): Promise<readonly NextEviction[]>;

  /** Adds to what is counted for these days, and drops the days before `keepFrom`. */
  addUsage(usage: readonly UsageRecord[], keepFrom: string): Promise<void>;
  /** From that day on, by day and upstream, hosted repositories first. */
  listUsage(from: string): Promise<readonly UsageRecord[]>;

  /** What last became of a tag, manifest or blob of the repository; undefined where nothing is known (any more). */
  findDeparture(repository: Repository, reference: Tag | Digest): Promise<Departure | undefined>;
}

/** Rows that one look at a listing may walk over to find what is searched for: about a millisecond. */
export const MAX_WALK = 2_000;

/** Departures that are remembered. */
export const MAX_DEPARTURES = 20_000;
