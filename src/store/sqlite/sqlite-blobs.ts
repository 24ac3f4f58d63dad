import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Repository } from '../../oci/repository.ts';
import { compareRepositories } from '../byte-order.ts';
import type { Departure } from '../inventory-records.ts';
import type { BlobRecord } from '../metadata-store.ts';
import type { Connection } from './connection.ts';
import type { SqliteDepartures } from './sqlite-departures.ts';
import {
  repositoryKey,
  type RepositoryKey,
  repositoryOf,
  type RepositoryRow,
} from './sqlite-repositories.ts';

type BlobKey = [...RepositoryKey, Digest];

export class SqliteBlobs {
  readonly #departures: SqliteDepartures;
  readonly #find: Statement<BlobKey, BlobRecord>;
  readonly #findHeld: Statement<[Digest], BlobRecord>;
  readonly #findLink: Statement<BlobKey, { size: number }>;
  readonly #findNamed: Statement<BlobKey, { size: number }>;
  readonly #listRepositories: Statement<[Digest], RepositoryRow>;
  readonly #hold: Statement<[{ digest: Digest; size: number; at: number }]>;
  readonly #link: Statement<[repository: number, Digest, size: number, at: number]>;
  readonly #unlink: Statement<[repository: number, Digest]>;
  readonly #findAnyLink: Statement<[Digest]>;
  readonly #forget: Statement<[Digest]>;

  constructor(connection: Connection, departures: SqliteDepartures) {
    this.#departures = departures;
    this.#find = connection.prepare(`
      SELECT blobs.digest, blobs.size FROM repositories
      JOIN repository_blobs AS link ON link.repository = repositories.id
      JOIN blobs ON blobs.digest = link.digest
      WHERE repositories.upstream = ? AND repositories.name = ? AND link.digest = ?
    `);
    this.#findHeld = connection.prepare('SELECT digest, size FROM blobs WHERE digest = ?');
    this.#findLink = connection.prepare(`
      SELECT link.size FROM repositories
      JOIN repository_blobs AS link ON link.repository = repositories.id
      WHERE repositories.upstream = ? AND repositories.name = ? AND link.digest = ?
    `);
    this.#findNamed = connection.prepare(`
      SELECT named.size FROM repositories
      CROSS JOIN manifest_references AS named
      CROSS JOIN repository_manifests AS own
        ON own.repository = repositories.id AND own.digest = named.manifest
      WHERE repositories.upstream = ? AND repositories.name = ?
        AND named.digest = ? AND named.kind = 'blob'
      LIMIT 1
    `);
    this.#listRepositories = connection.prepare(`
      SELECT repositories.upstream, repositories.name FROM blobs
      CROSS JOIN repository_blobs AS link ON link.digest = blobs.digest
      CROSS JOIN repositories ON repositories.id = link.repository
      WHERE blobs.digest = ?
    `);
    this.#hold = connection.prepare(`
      INSERT INTO blobs (digest, size, added_at, used_at) VALUES (:digest, :size, :at, :at)
      ON CONFLICT DO UPDATE SET size = excluded.size, used_at = max(used_at, excluded.used_at)
    `);
    this.#link = connection.prepare(`
      INSERT INTO repository_blobs (repository, digest, size, added_at) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET size = excluded.size
    `);
    this.#unlink = connection.prepare(
      'DELETE FROM repository_blobs WHERE repository = ? AND digest = ?',
    );
    this.#findAnyLink = connection.prepare(
      'SELECT 1 FROM repository_blobs WHERE digest = ? LIMIT 1',
    );
    this.#forget = connection.prepare('DELETE FROM blobs WHERE digest = ?');
  }

  find(repository: Repository, digest: Digest): BlobRecord | undefined {
    return this.#find.get(...repositoryKey(repository), digest);
  }

  findHeld(digest: Digest): BlobRecord | undefined {
    return this.#findHeld.get(digest);
  }

  findReference(repository: Repository, digest: Digest): { readonly size: number } | undefined {
    const key: BlobKey = [...repositoryKey(repository), digest];
    return this.#findLink.get(...key) ?? this.#findNamed.get(...key);
  }

  /** Sorted here: no index can hold one blob's repositories in the order of their names. */
  listRepositories(digest: Digest): Repository[] {
    return this.#listRepositories.all(digest).map(repositoryOf).toSorted(compareRepositories);
  }

  hold({ digest, size }: BlobRecord, at: number): void {
    this.#hold.run({ digest, size, at });
  }

  link(repository: number, { digest, size }: BlobRecord, at: number): void {
    this.#link.run(repository, digest, size, at);
  }

  unlink(repository: number, digest: Digest): boolean {
    return this.#unlink.run(repository, digest).changes > 0;
  }

  isLinked(digest: Digest): boolean {
    return this.#findAnyLink.get(digest) !== undefined;
  }

  forget(digest: Digest, reason: Departure['reason']): void {
    if (this.#forget.run(digest).changes > 0) this.#departures.blob(digest, reason);
  }
}
