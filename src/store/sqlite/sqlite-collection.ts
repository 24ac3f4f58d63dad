import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import type { CollectedLinks, CollectQuery } from '../upkeep-records.ts';
import type { Connection } from './connection.ts';

interface LinkRow {
  readonly digest: Digest;
  readonly unneeded: number;
}

function nextRepository(comparison: '>' | '>='): string {
  return `
    SELECT id, name FROM repositories WHERE upstream = '' AND name ${comparison} ?
    ORDER BY name LIMIT 1`;
}

/** Finds the blobs that hosted repositories refer to for nothing. Inside a write only. */
export class SqliteCollection {
  readonly #repositoryFrom: Statement<[name: string], { id: number; name: RepositoryName }>;
  readonly #repositoryAfter: Statement<[name: string], { id: number; name: RepositoryName }>;
  readonly #links: Statement<
    [{ repository: number; after: string; before: number; limit: number }],
    LinkRow
  >;
  readonly #unlink: Statement<[repository: number, Digest]>;

  constructor(connection: Connection) {
    this.#repositoryFrom = connection.prepare(nextRepository('>='));
    this.#repositoryAfter = connection.prepare(nextRepository('>'));
    // An index may also name as its child what was pushed as a blob, so every kind of reference counts.
    this.#links = connection.prepare(`
      SELECT link.digest, link.added_at < :before
        AND NOT EXISTS (
          SELECT 1 FROM blobs WHERE blobs.digest = link.digest AND blobs.used_at >= :before
        )
        AND NOT EXISTS (
          SELECT 1 FROM manifest_references AS named
          CROSS JOIN repository_manifests AS own
            ON own.repository = link.repository AND own.digest = named.manifest
          WHERE named.digest = link.digest
        ) AS unneeded
      FROM repository_blobs AS link
      WHERE link.repository = :repository AND link.digest > :after
      ORDER BY link.digest LIMIT :limit
    `);
    this.#unlink = connection.prepare(
      'DELETE FROM repository_blobs WHERE repository = ? AND digest = ?',
    );
  }

  /** See `UpkeepRecords.collectLinks`. One call looks at one repository. */
  collect({ before, after, limit }: CollectQuery): CollectedLinks {
    const repository =
      after?.digest === undefined
        ? this.#repositoryAfter.get(after?.repository ?? '')
        : this.#repositoryFrom.get(after.repository);
    if (repository === undefined) return { unlinked: [], next: undefined };
    const same = repository.name === after?.repository;
    const links = this.#links.all({
      repository: repository.id,
      after: same ? (after.digest ?? '') : '',
      before,
      limit,
    });
    const unlinked = links.filter(({ unneeded }) => unneeded !== 0).map(({ digest }) => digest);
    for (const digest of unlinked) this.#unlink.run(repository.id, digest);
    const last = links.length < limit ? undefined : links.at(-1)?.digest;
    return { unlinked, next: { repository: repository.name, digest: last } };
  }
}
