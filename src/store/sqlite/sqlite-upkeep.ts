import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Repository } from '../../oci/repository.ts';
import type { BlobRecord, Page } from '../metadata-store.ts';
import type { HeldBlob, LooseBlob, LooseBlobsQuery, Use } from '../upkeep-records.ts';
import type { Connection } from './connection.ts';
import type { SqliteDepartures } from './sqlite-departures.ts';
import { repositoryKey, type RepositoryKey } from './sqlite-repositories.ts';

interface HeldRow extends BlobRecord {
  readonly hosted: number;
  readonly linked: number;
}

/** Statements of upkeep that belong to no other area: last use, loose blobs, damage. */
export class SqliteUpkeep {
  readonly #departures: SqliteDepartures;
  readonly #touchManifest: Statement<[{ repository: number; digest: Digest; at: number }]>;
  readonly #touchChildren: Statement<[{ repository: number; digest: Digest; at: number }]>;
  readonly #touchBlob: Statement<[{ digest: Digest; at: number }]>;
  readonly #listLoose: Statement<
    [{ before: number; usedAt: number; digest: string; limit: number }],
    LooseBlob
  >;
  readonly #dropUnreferenced: Statement<[{ digest: Digest }]>;
  readonly #unlinkAll: Statement<[Digest]>;
  readonly #listHeld: Statement<[after: string, limit: number], HeldRow>;
  readonly #condemn: Statement<[Digest, at: number]>;
  readonly #findCondemned: Statement<[...RepositoryKey, Digest]>;
  readonly #listCondemned: Statement<[after: string, limit: number], { digest: Digest }>;

  constructor(connection: Connection, departures: SqliteDepartures) {
    this.#departures = departures;
    // A hosted manifest has no last use: its NULL stays NULL under max().
    this.#touchManifest = connection.prepare(`
      UPDATE repository_manifests SET used_at = max(used_at, :at)
      WHERE repository = :repository AND digest = :digest
    `);
    this.#touchChildren = connection.prepare(`
      UPDATE repository_manifests SET used_at = max(used_at, :at)
      WHERE repository = :repository AND digest IN (
        SELECT digest FROM manifest_references WHERE manifest = :digest AND kind = 'manifest'
      )
    `);
    this.#touchBlob = connection.prepare(
      'UPDATE blobs SET used_at = max(used_at, :at) WHERE digest = :digest',
    );
    this.#listLoose = connection.prepare(`
      SELECT digest, size, used_at AS usedAt FROM blobs INDEXED BY blobs_loose
      WHERE hosted = 0 AND named = 0
        AND used_at < :before AND (used_at, digest) > (:usedAt, :digest)
      ORDER BY used_at, digest LIMIT :limit
    `);
    this.#dropUnreferenced = connection.prepare(`
      DELETE FROM blobs WHERE digest = :digest AND hosted = 0
        AND (named = 0 OR NOT EXISTS (SELECT 1 FROM repository_blobs WHERE digest = :digest))
    `);
    this.#unlinkAll = connection.prepare('DELETE FROM repository_blobs WHERE digest = ?');
    this.#listHeld = connection.prepare(`
      SELECT digest, size, hosted,
        EXISTS (SELECT 1 FROM repository_blobs AS link WHERE link.digest = blobs.digest) AS linked
      FROM blobs WHERE digest > ? ORDER BY digest LIMIT ?
    `);
    this.#condemn = connection.prepare(`
      INSERT INTO damaged_blobs (digest, found_at) VALUES (?, ?) ON CONFLICT DO NOTHING
    `);
    this.#findCondemned = connection.prepare(`
      SELECT 1 FROM repositories
      CROSS JOIN repository_blobs AS link ON link.repository = repositories.id
      CROSS JOIN damaged_blobs ON damaged_blobs.digest = link.digest
      WHERE repositories.upstream = ? AND repositories.name = ? AND link.digest = ?
    `);
    this.#listCondemned = connection.prepare(`
      SELECT digest FROM damaged_blobs WHERE digest > ? AND EXISTS (
        SELECT 1 FROM repository_blobs AS link
        CROSS JOIN repositories ON repositories.id = link.repository
        WHERE link.digest = damaged_blobs.digest AND repositories.upstream = ''
      )
      ORDER BY digest LIMIT ?
    `);
  }

  /** `repository`: the id of the use's own. */
  touch(use: Use, repository: number | undefined): void {
    const { digest, at } = use;
    if (use.kind === 'blob') {
      this.#touchBlob.run({ digest, at });
    } else if (repository !== undefined) {
      this.#touchManifest.run({ repository, digest, at });
      this.#touchChildren.run({ repository, digest, at });
    }
  }

  listLoose({ usedBefore, after, limit }: LooseBlobsQuery): LooseBlob[] {
    const { usedAt, digest } = after ?? { usedAt: -1, digest: '' };
    return this.#listLoose.all({ before: usedBefore, usedAt, digest, limit });
  }

  dropUnreferenced(digests: readonly Digest[]): Digest[] {
    return digests.filter((digest) => {
      if (this.#dropUnreferenced.run({ digest }).changes === 0) return false;
      this.#departures.blob(digest, 'evicted');
      this.#unlinkAll.run(digest);
      return true;
    });
  }

  listHeld({ after = '', limit }: Page): HeldBlob[] {
    const rows = this.#listHeld.all(after, limit);
    return rows.map((row) => ({ ...row, hosted: row.hosted > 0, linked: row.linked > 0 }));
  }

  condemn(digest: Digest, at: number): void {
    this.#condemn.run(digest, at);
  }

  isCondemned(repository: Repository, digest: Digest): boolean {
    return this.#findCondemned.get(...repositoryKey(repository), digest) !== undefined;
  }

  listCondemned({ after = '', limit }: Page): Digest[] {
    return this.#listCondemned.all(after, limit).map(({ digest }) => digest);
  }
}
