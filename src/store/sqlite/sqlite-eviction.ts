import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { BlobRecord } from '../metadata-store.ts';
import type { ReleasedContent } from '../upkeep-records.ts';
import type { Connection } from './connection.ts';
import type { SqliteManifests } from './sqlite-manifests.ts';

interface HolderRow {
  readonly repository: number;
  readonly digest: Digest;
}

/** Takes manifests out of mirrored repositories, and what only they needed. Inside a write only. */
export class SqliteEviction {
  readonly #manifests: SqliteManifests;
  readonly #oldest: Statement<[limit: number], HolderRow>;
  readonly #mirroredHolders: Statement<[Digest], HolderRow>;
  readonly #named: Statement<[manifest: Digest], { digest: Digest }>;
  readonly #findLoose: Statement<[Digest], BlobRecord>;
  readonly #unlinkUnneeded: Statement<[{ digest: Digest }]>;

  constructor(connection: Connection, manifests: SqliteManifests) {
    this.#manifests = manifests;
    // used_at > -1 is true of every mirrored manifest, and is what the planner needs to begin at the index's start.
    this.#oldest = connection.prepare(`
      SELECT repository, digest FROM repository_manifests INDEXED BY repository_manifests_by_use
      WHERE used_at > -1 ORDER BY used_at LIMIT ?
    `);
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
    let manifests = 0;
    let released = 0;
    for (const holder of this.#oldest.all(limit)) {
      if (released >= bytes) break;
      for (const blob of this.#release(holder)) {
        blobs.push(blob);
        released += blob.size;
      }
      manifests += 1;
    }
    return { manifests, blobs };
  }

  /** See `UpkeepRecords.forgetManifest`. */
  forget(digest: Digest): boolean {
    for (const holder of this.#mirroredHolders.all(digest)) this.#release(holder);
    return !this.#manifests.isHeld(digest);
  }

  /** The blobs that are loose without it. */
  #release({ repository, digest }: HolderRow): BlobRecord[] {
    const named = new Set(this.#named.all(digest).map((one) => one.digest));
    this.#manifests.delete(repository, digest);
    if (this.#manifests.isHeld(digest)) return [];
    return [...named].flatMap((blob) => {
      this.#unlinkUnneeded.run({ digest: blob });
      return this.#findLoose.get(blob) ?? [];
    });
  }
}
