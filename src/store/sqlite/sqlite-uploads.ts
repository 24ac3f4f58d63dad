import type { Statement } from 'better-sqlite3';
import type { DigestAlgorithm } from '../../oci/digest.ts';
import type { Repository } from '../../oci/repository.ts';
import type { UploadRecord } from '../metadata-store.ts';
import type { Connection } from './connection.ts';
import {
  repositoryKey,
  type RepositoryKey,
  repositoryOf,
  type RepositoryRow,
} from './sqlite-repositories.ts';

interface UploadRow extends RepositoryRow {
  readonly id: string;
  readonly algorithm: DigestAlgorithm;
  readonly createdAt: number;
  readonly usedAt: number;
}

const COLUMNS = 'id, upstream, name, algorithm, created_at AS createdAt, used_at AS usedAt';

export class SqliteUploads {
  readonly #create: Statement<
    [id: string, ...RepositoryKey, DigestAlgorithm, createdAt: number, usedAt: number]
  >;
  readonly #find: Statement<[id: string], UploadRow>;
  readonly #touch: Statement<[at: number, id: string]>;
  readonly #delete: Statement<[id: string]>;
  readonly #count: Statement<RepositoryKey, { count: number }>;
  readonly #list: Statement<[before: number], UploadRow>;

  constructor(connection: Connection) {
    this.#create = connection.prepare(`
      INSERT INTO uploads (id, upstream, name, algorithm, created_at, used_at)
      VALUES (?, ?, ?, ?, ?, ?)
    `);
    this.#find = connection.prepare(`SELECT ${COLUMNS} FROM uploads WHERE id = ?`);
    this.#touch = connection.prepare('UPDATE uploads SET used_at = ? WHERE id = ?');
    this.#delete = connection.prepare('DELETE FROM uploads WHERE id = ?');
    this.#count = connection.prepare(
      'SELECT count(*) AS count FROM uploads WHERE upstream = ? AND name = ?',
    );
    this.#list = connection.prepare(
      `SELECT ${COLUMNS} FROM uploads WHERE used_at < ? ORDER BY used_at`,
    );
  }

  create({ id, repository, algorithm, createdAt, usedAt }: UploadRecord): void {
    this.#create.run(id, ...repositoryKey(repository), algorithm, createdAt, usedAt);
  }

  find(id: string): UploadRecord | undefined {
    const row = this.#find.get(id);
    return row && uploadOf(row);
  }

  touch(id: string, at: number): void {
    this.#touch.run(at, id);
  }

  delete(id: string): boolean {
    return this.#delete.run(id).changes > 0;
  }

  /** A range of the index, and the registry bounds how long it gets. */
  count(repository: Repository): number {
    return this.#count.get(...repositoryKey(repository))?.count ?? 0;
  }

  list(before: number): UploadRecord[] {
    return this.#list.all(before).map(uploadOf);
  }
}

function uploadOf({ upstream, name, ...rest }: UploadRow): UploadRecord {
  return { ...rest, repository: repositoryOf({ upstream, name }) };
}
