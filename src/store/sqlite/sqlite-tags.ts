import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { Repository } from '../../oci/repository.ts';
import type { Page, TagRecord } from '../metadata-store.ts';
import type { Connection } from './connection.ts';
import { repositoryKey, type RepositoryKey } from './sqlite-repositories.ts';

interface TagRow {
  readonly digest: Digest;
  readonly cachedAt: number;
  readonly checkedAt: number;
  readonly mediaType: string | null;
  readonly size: number | null;
}

export class SqliteTags {
  readonly #find: Statement<[...RepositoryKey, Tag], TagRow>;
  readonly #record: Statement<[{ repository: number; tag: Tag; digest: Digest; at: number }]>;
  readonly #delete: Statement<[...RepositoryKey, Tag]>;
  readonly #listHosted: Statement<[...RepositoryKey, after: string, limit: number], Tag>;
  readonly #listMirrored: Statement<[...RepositoryKey, after: string, limit: number], Tag>;

  constructor(connection: Connection) {
    this.#find = connection.prepare(`
      SELECT tags.digest, tags.cached_at AS cachedAt, tags.checked_at AS checkedAt,
        held.media_type AS mediaType, held.size
      FROM repositories
      JOIN tags ON tags.repository = repositories.id
      LEFT JOIN repository_manifests AS held
        ON held.repository = repositories.id AND held.digest = tags.digest
      WHERE repositories.upstream = ? AND repositories.name = ? AND tags.name = ?
    `);
    this.#record = connection.prepare(`
      INSERT INTO tags (repository, name, digest, cached_at, checked_at)
      VALUES (:repository, :tag, :digest, :at, :at)
      ON CONFLICT DO UPDATE SET
        cached_at = iif(digest = excluded.digest, cached_at, excluded.cached_at),
        digest = excluded.digest,
        checked_at = excluded.checked_at
    `);
    this.#delete = connection.prepare(`
      DELETE FROM tags
      WHERE repository = (SELECT id FROM repositories WHERE upstream = ? AND name = ?) AND name = ?
    `);
    const list = (held: string): Statement<[...RepositoryKey, string, number], Tag> =>
      connection
        .prepare<[...RepositoryKey, string, number], Tag>(
          `
          SELECT tags.name FROM repositories
          CROSS JOIN tags ON tags.repository = repositories.id ${held}
          WHERE repositories.upstream = ? AND repositories.name = ? AND tags.name > ?
          ORDER BY tags.name LIMIT ?
        `,
        )
        .pluck();
    // A hosted tag goes with its manifest. To look for each would take four times as long.
    this.#listHosted = list('');
    this.#listMirrored = list(`
      CROSS JOIN repository_manifests AS held
        ON held.repository = tags.repository AND held.digest = tags.digest`);
  }

  find(repository: Repository, tag: Tag): TagRecord | undefined {
    const row = this.#find.get(...repositoryKey(repository), tag);
    if (row === undefined) return undefined;
    const { digest, cachedAt, checkedAt, mediaType, size } = row;
    const record = { digest, cachedAt, checkedAt };
    if (mediaType === null || size === null) return record;
    return { ...record, manifest: { digest, mediaType, size } };
  }

  record(repository: number, tag: Tag, digest: Digest, at: number): void {
    this.#record.run({ repository, tag, digest, at });
  }

  delete(repository: Repository, tag: Tag): boolean {
    return this.#delete.run(...repositoryKey(repository), tag).changes > 0;
  }

  /** Of those whose manifests are held. */
  list(repository: Repository, { after = '', limit }: Page): Tag[] {
    const list = repository.kind === 'hosted' ? this.#listHosted : this.#listMirrored;
    return list.all(...repositoryKey(repository), after, limit);
  }
}
