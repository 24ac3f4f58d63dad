import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import { displayName, type Repository } from '../../oci/repository.ts';
import {
  type Found,
  MAX_WALK,
  type RepositoriesPage,
  type RepositorySummary,
  type SearchPage,
  type TagSummary,
} from '../inventory-records.ts';
import type { Connection } from './connection.ts';
import {
  repositoryKey,
  type RepositoryKey,
  repositoryOf,
  type RepositoryRow,
} from './sqlite-repositories.ts';

interface SummaryRow extends RepositoryRow {
  readonly tags: number;
  readonly bytes: number;
  readonly usedAt: number | null;
  readonly cachedAt: number;
}

interface TagRow {
  readonly name: Tag;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly cachedAt: number;
  readonly checkedAt: number;
  readonly usedAt: number | null;
}

interface Window {
  readonly after: string;
  readonly end: string | null;
  readonly search: string;
  readonly limit: number;
}

/** Behind every name. */
const END = "x'ff'";

/**
 * Listings for people: with sums, and searched. A search walks over at most MAX_WALK rows of the index at a time, so that
 * it never takes long, however little it finds.
 */
export class SqliteListings {
  readonly #repositoriesEnd: Statement<[after: string, walk: number], { name: string }>;
  readonly #repositories: Statement<[Window & { kind: string | null }], SummaryRow>;
  readonly #tagsEnd: Statement<[...RepositoryKey, after: string, walk: number], { name: string }>;
  readonly #tags: Statement<[Window & { upstream: string; repository: string }], TagRow>;
  readonly #measure: Statement<[...RepositoryKey, Digest], { bytes: number }>;

  constructor(connection: Connection) {
    this.#repositoriesEnd = connection.prepare(`
      SELECT display_name AS name FROM repositories INDEXED BY repositories_listed
      WHERE manifests > 0 AND display_name > ? ORDER BY display_name LIMIT 1 OFFSET ?
    `);
    this.#repositories = connection.prepare(`
      SELECT upstream, name, tags, bytes, used_at AS usedAt, cached_at AS cachedAt
      FROM repositories INDEXED BY repositories_listed
      WHERE manifests > 0 AND display_name > :after AND display_name <= coalesce(:end, ${END})
        AND (:kind IS NULL OR (:kind = 'hosted') = (upstream = ''))
        AND instr(display_name, :search) > 0
      ORDER BY display_name, upstream LIMIT :limit
    `);
    this.#tagsEnd = connection.prepare(`
      SELECT tags.name FROM repositories CROSS JOIN tags ON tags.repository = repositories.id
      WHERE repositories.upstream = ? AND repositories.name = ? AND tags.name > ?
      ORDER BY tags.name LIMIT 1 OFFSET ?
    `);
    this.#tags = connection.prepare(`
      SELECT tags.name, tags.digest, held.media_type AS mediaType, held.size,
        tags.cached_at AS cachedAt, tags.checked_at AS checkedAt, held.used_at AS usedAt
      FROM repositories
      CROSS JOIN tags ON tags.repository = repositories.id
      CROSS JOIN repository_manifests AS held
        ON held.repository = tags.repository AND held.digest = tags.digest
      WHERE repositories.upstream = :upstream AND repositories.name = :repository
        AND tags.name > :after AND tags.name <= coalesce(:end, ${END})
        AND instr(tags.name, :search) > 0
      ORDER BY tags.name LIMIT :limit
    `);
    this.#measure = connection.prepare(`
      WITH RECURSIVE image (repository, digest) AS (
        SELECT repositories.id, own.digest FROM repositories
        CROSS JOIN repository_manifests AS own ON own.repository = repositories.id
        WHERE repositories.upstream = ? AND repositories.name = ? AND own.digest = ?
        UNION
        SELECT image.repository, child.digest FROM image
        CROSS JOIN manifest_references AS named
          ON named.manifest = image.digest AND named.kind = 'manifest'
        CROSS JOIN repository_manifests AS child
          ON child.repository = image.repository AND child.digest = named.digest
      )
      SELECT
        (SELECT coalesce(sum(manifests.size), 0) FROM image
          CROSS JOIN manifests ON manifests.digest = image.digest)
        + (SELECT coalesce(sum(size), 0) FROM (
          SELECT DISTINCT blobs.digest, blobs.size FROM image
          CROSS JOIN manifest_references AS named
            ON named.manifest = image.digest AND named.kind = 'blob'
          CROSS JOIN repository_blobs AS link
            ON link.repository = image.repository AND link.digest = named.digest
          CROSS JOIN blobs ON blobs.digest = named.digest
        )) AS bytes
    `);
  }

  /** See `InventoryRecords.listRepositories`. */
  repositories(page: RepositoriesPage): Found<RepositorySummary> {
    const { after = '', limit, search = '', kind = null } = page;
    const end = this.#repositoriesEnd.get(after, MAX_WALK - 1)?.name ?? null;
    // One more tells whether there is more, and one more still may share its display name.
    const window = { after, end, search: search.toLowerCase(), kind, limit: limit + 2 };
    const rows = this.#repositories.all(window).map(summaryOf);
    return cut(rows, limit, end, ({ repository }) => displayName(repository));
  }

  /** See `InventoryRecords.listTags`. */
  tags(repository: Repository, page: SearchPage): Found<TagSummary> {
    const { after = '', limit, search = '' } = page;
    const key = repositoryKey(repository);
    const [upstream, name] = key;
    const end = this.#tagsEnd.get(...key, after, MAX_WALK - 1)?.name ?? null;
    const rows = this.#tags.all({
      upstream,
      repository: name,
      after,
      end,
      search,
      limit: limit + 1,
    });
    const { entries, next } = cut(rows, limit, end, (row) => row.name);
    return { entries: entries.map((row) => this.#tagOf(key, row)), next };
  }

  #tagOf(key: RepositoryKey, { usedAt, digest, mediaType, size, ...rest }: TagRow): TagSummary {
    return {
      ...rest,
      manifest: { digest, mediaType, size },
      bytes: this.#measure.get(...key, digest)?.bytes ?? size,
      ...(usedAt !== null && { usedAt }),
    };
  }
}

/** A page of at most `limit` rows; a row that shares its name with the last one still belongs to it. */
function cut<Row>(
  rows: readonly Row[],
  limit: number,
  end: string | null,
  nameOf: (row: Row) => string,
): Found<Row> {
  const last = rows[limit - 1];
  if (last === undefined || rows.length <= limit) return { entries: rows, next: end ?? undefined };
  const name = nameOf(last);
  const entries = rows.filter((row, index) => index < limit || nameOf(row) === name);
  const isAll = entries.length === rows.length;
  return { entries, next: isAll ? (end ?? undefined) : name };
}

function summaryOf({ usedAt, upstream, name, ...rest }: SummaryRow): RepositorySummary {
  return {
    repository: repositoryOf({ upstream, name }),
    ...rest,
    ...(usedAt !== null && { usedAt }),
  };
}
