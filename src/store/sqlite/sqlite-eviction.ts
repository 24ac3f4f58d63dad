import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Departure } from '../inventory-records.ts';
import type { BlobRecord } from '../metadata-store.ts';
import type { ReleasedContent } from '../upkeep-records.ts';
import type { Connection } from './connection.ts';
import { SqliteEvictionOrder } from './sqlite-eviction-order.ts';
import type { SqliteManifests } from './sqlite-manifests.ts';
import type { Holding, SqlitePins } from './sqlite-pins.ts';

/** Pinned manifests that one call meets: each costs some look-ups, once. */
const MAX_PINNED = 50;

/** Takes manifests out of mirrored repositories, and what only they needed. Inside a write only. */
export class SqliteEviction {
  readonly #manifests: SqliteManifests;
  readonly #pins: SqlitePins;
  readonly #order: SqliteEvictionOrder;
  readonly #mirroredHolders: Statement<[Digest], Holding>;
  readonly #named: Statement<[manifest: Digest], { digest: Digest }>;
  readonly #findLoose: Statement<[Digest], BlobRecord>;
  readonly #unlinkUnneeded: Statement<[{ digest: Digest }]>;

  constructor(
    connection: Connection,
    {
      manifests,
      pins,
    }: {
      readonly manifests: SqliteManifests;
      readonly pins: SqlitePins;
    },
  ) {
    this.#manifests = manifests;
    this.#pins = pins;
    this.#order = new SqliteEvictionOrder(connection, pins);
    this.#mirroredHolders = connection.prepare(`
      SELECT repository, digest FROM repository_manifests
      WHERE digest = ? AND used_at IS NOT NULL
    `);
    this.#named = connection.prepare('SELECT digest FROM manifest_references WHERE manifest = ?');
    this.#findLoose = connection.prepare(
      'SELECT digest, size FROM blobs WHERE digest = ? AND hosted = 0 AND named = 0',
    );
    // Mirrored repositories came to refer to it by the manifest alone; a hosted one's link is its own.
    this.#unlinkUnneeded = connection.prepare(`
      DELETE FROM repository_blobs WHERE digest = :digest
        AND NOT EXISTS (SELECT 1 FROM blobs WHERE digest = :digest)
        AND NOT EXISTS (SELECT 1 FROM manifest_references WHERE digest = :digest)
        AND (SELECT upstream FROM repositories WHERE id = repository) <> ''
    `);
  }

  /** See `UpkeepRecords.evictManifests`. */
  evict({ bytes, limit }: { readonly bytes: number; readonly limit: number }): ReleasedContent {
    const blobs: BlobRecord[] = [];
    let [manifests, pinned, released] = [0, 0, 0];
    if (limit <= 0 || bytes <= 0) return { manifests, pinned, blobs };
    for (const candidate of this.#order.candidates()) {
      if (candidate.isPinned) {
        this.#pins.keep(candidate);
        pinned += 1;
      } else {
        for (const blob of this.#release(candidate, 'evicted')) {
          blobs.push(blob);
          released += blob.size;
        }
        manifests += 1;
      }
      if (released >= bytes || manifests >= limit || pinned >= MAX_PINNED) break;
    }
    return { manifests, pinned, blobs };
  }

  /** See `UpkeepRecords.forgetManifest`. */
  forget(digest: Digest): boolean {
    for (const holding of this.#mirroredHolders.all(digest)) this.#release(holding, 'damaged');
    return !this.#manifests.isHeld(digest);
  }

  /** The blobs that are loose without it. */
  #release({ repository, digest }: Holding, reason: Departure['reason']): BlobRecord[] {
    const named = new Set(this.#named.all(digest).map((one) => one.digest));
    this.#manifests.delete(repository, digest, reason);
    if (this.#manifests.isHeld(digest)) return [];
    return [...named].flatMap((blob) => {
      this.#unlinkUnneeded.run({ digest: blob });
      return this.#findLoose.get(blob) ?? [];
    });
  }
}
