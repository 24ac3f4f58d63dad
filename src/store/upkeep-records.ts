/**
 * The part of the metadata port that keeps the store in shape: last use, eviction, collection, verification. As there,
 * every method is one whole operation. All are bounded by what they are given, so that no request waits long behind
 * one; and those that make room work on a full disk too.
 */
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { Repository } from '../oci/repository.ts';
import type { BlobRecord, Page } from './metadata-store.ts';

/** Content was served to a client at `at`. */
export type Use =
  | {
      readonly kind: 'manifest';
      readonly repository: Repository;
      readonly digest: Digest;
      readonly at: number;
    }
  | { readonly kind: 'blob'; readonly digest: Digest; readonly at: number };

/** A blob that no hosted repository refers to and no held manifest names. */
export interface LooseBlob extends BlobRecord {
  readonly usedAt: number;
}

export interface LooseBlobsQuery {
  /** Only those last used before. */
  readonly usedBefore: number;
  /** Only those behind this one. */
  readonly after?: LooseBlob | undefined;
  readonly limit: number;
}

export interface ReleasedContent {
  /** How many manifests went. */
  readonly manifests: number;
  /** Manifests whose turn it was and that a pin keeps; they are not met again. */
  readonly pinned: number;
  /** Held blobs that they named and that are loose now. */
  readonly blobs: readonly BlobRecord[];
}

export interface HeldBlob extends BlobRecord {
  /** Some hosted repository refers to it. */
  readonly hosted: boolean;
  /** Some repository refers to it. */
  readonly linked: boolean;
}

/** Where a walk over the blobs of all hosted repositories has come to. */
export interface HostedPlace {
  readonly repository: RepositoryName;
  readonly digest?: Digest | undefined;
}

export interface CollectQuery {
  /** Only links made, and blobs last used, before. */
  readonly before: number;
  readonly after?: HostedPlace | undefined;
  readonly limit: number;
}

export interface CollectedLinks {
  /** The blobs that have lost a link. */
  readonly unlinked: readonly Digest[];
  /** Where to go on; undefined at the end. */
  readonly next: HostedPlace | undefined;
}

export interface UpkeepRecords {
  /**
   * Notes uses; a later one that is known already stands. The use of an index is one of its child manifests too, and
   * only mirrored manifests have a last use. What is not held is passed over.
   */
  recordUses(uses: readonly Use[]): Promise<void>;
  /**
   * Takes the mirrored manifests not used for longest, with their tags, until the blobs that this makes loose have
   * `bytes` bytes or more, or until `limit` manifests are gone. A manifest that another repository holds too is only
   * taken from the one where it was not used. Pinned ones stay (`InventoryRecords.addPin`); nothing is left where neither a
   * manifest went nor one was found pinned.
   */
  evictManifests(wanted: {
    readonly bytes: number;
    readonly limit: number;
  }): Promise<ReleasedContent>;
  /** By last use, the longest ago first. */
  listLooseBlobs(query: LooseBlobsQuery): Promise<readonly LooseBlob[]>;
  /**
   * Drops, in one step, the records of those of the blobs that are loose or that no repository refers to, and what mirrored
   * repositories know of them, and gives them; then their bytes may be deleted. The others are needed, or not held. Under the
   * blobs' locks only.
   */
  dropUnreferencedBlobs(digests: readonly Digest[]): Promise<readonly Digest[]>;
  /** By digest. */
  listHeldBlobs(page: Page<Digest>): Promise<readonly HeldBlob[]>;
  /**
   * Walks over up to `limit` blobs of hosted repositories and takes away those that no manifest of their repository
   * names. Safe from power loss when it resolves: what is then deleted was not needed before either.
   */
  collectLinks(query: CollectQuery): Promise<CollectedLinks>;
  /** Content of held manifests, by digest. */
  listManifests(
    page: Page<Digest>,
  ): Promise<readonly { readonly digest: Digest; readonly content: Uint8Array }[]>;
  /** Takes the manifest from every mirrored repository. False where a hosted one still holds it. */
  forgetManifest(digest: Digest): Promise<boolean>;
  /** A hosted blob is damaged: it is no longer held, which is remembered until it comes back. Who refers to it is kept. */
  condemnBlob(digest: Digest, at: number): Promise<void>;
  /** The repository refers to a blob that was found damaged and has not come back. */
  isCondemned(repository: Repository, digest: Digest): Promise<boolean>;
  /** The damaged blobs that a hosted repository refers to, by digest. */
  listCondemned(page: Page<Digest>): Promise<readonly Digest[]>;
}
