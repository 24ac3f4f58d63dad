import type { Statement } from 'better-sqlite3';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { displayName, type Repository } from '../../oci/repository.ts';
import type { Page, StoreTotals } from '../metadata-store.ts';
import type { Connection } from './connection.ts';

/** What identifies a repository in every statement; see `repositories` in the schema. */
export type RepositoryKey = [upstream: string, name: string];

export function repositoryKey(repository: Repository): RepositoryKey {
  return [repository.kind === 'hosted' ? '' : repository.upstream, repository.name];
}

export interface RepositoryRow {
  readonly upstream: string;
  readonly name: string;
}

export function repositoryOf({ upstream, name }: RepositoryRow): Repository {
  const valid = name as RepositoryName;
  return upstream === ''
    ? { kind: 'hosted', name: valid }
    : { kind: 'mirrored', upstream, name: valid };
}

export class SqliteRepositories {
  readonly #find: Statement<RepositoryKey, { id: number }>;
  readonly #add: Statement<[...RepositoryKey, displayName: string]>;
  readonly #list: Statement<[{ after: string; limit: number }], RepositoryRow>;
  readonly #totals: Statement<[], StoreTotals>;
  readonly #rewriteTotals: Statement<[]>;

  constructor(connection: Connection) {
    this.#find = connection.prepare('SELECT id FROM repositories WHERE upstream = ? AND name = ?');
    this.#add = connection.prepare(
      'INSERT INTO repositories (upstream, name, display_name) VALUES (?, ?, ?)',
    );
    // A page ends behind a display name, never between the two repositories that may share one: the next
    // page starts behind the name. So it may hold one entry more than the limit.
    this.#list = connection.prepare(`
      SELECT upstream, name FROM repositories
      WHERE manifests > 0 AND display_name > :after AND display_name <= coalesce((
        SELECT display_name FROM repositories
        WHERE manifests > 0 AND display_name > :after
        ORDER BY display_name LIMIT 1 OFFSET :limit - 1
      ), x'ff')
      ORDER BY display_name, upstream
    `);
    this.#totals = connection.prepare(
      `
      SELECT blobs, blob_bytes AS blobBytes, mirrored_bytes AS mirroredBytes, manifests
      FROM totals WHERE id = 1
    `,
    );
    this.#rewriteTotals = connection.prepare('UPDATE totals SET blobs = blobs WHERE id = 1');
  }

  find(repository: Repository): number | undefined {
    return this.#find.get(...repositoryKey(repository))?.id;
  }

  /** The id of the repository, made known where it is new. Only inside a write. */
  ensure(repository: Repository): number {
    const known = this.find(repository);
    if (known !== undefined) return known;
    const { lastInsertRowid } = this.#add.run(
      ...repositoryKey(repository),
      displayName(repository),
    );
    return Number(lastInsertRowid);
  }

  list({ after = '', limit }: Page): Repository[] {
    return limit > 0 ? this.#list.all({ after, limit }).map(repositoryOf) : [];
  }

  totals(): StoreTotals {
    const totals = this.#totals.get();
    if (totals === undefined) throw new Error('the totals are missing from the database');
    return totals;
  }

  /** Changes nothing, and yet has to get through to the disk. */
  probe(): void {
    this.#rewriteTotals.run();
  }
}
