import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { NextEviction } from '../inventory-records.ts';
import type { LooseBlob } from '../upkeep-records.ts';
import type { Connection } from './connection.ts';
import type { Candidate, SqliteEvictionOrder } from './sqlite-eviction-order.ts';
import type { Holding } from './sqlite-pins.ts';
import { repositoryOf, type RepositoryRow } from './sqlite-repositories.ts';

interface NamedRow {
  readonly digest: Digest;
  /** Of the blob; null where it is not held. */
  readonly size: number | null;
  readonly hosted: number | null;
  readonly named: number | null;
}

/** Pinned manifests that are passed over before the answer is what there is. */
const MAX_PASSED_OVER = 2_000;

/** Tags of one manifest that are told, and of what it belongs to. */
const MAX_TAGS = 100;
const MAX_OWNERS = 10;

/** Works out what eviction would do, in its own order, without doing it. */
export class SqliteNextEvictions {
  readonly #order: SqliteEvictionOrder;
  readonly #repository: Statement<[id: number], RepositoryRow>;
  readonly #referrer: Statement<[Digest], RepositoryRow>;
  readonly #tags: Statement<[Holding], { name: Tag }>;
  readonly #owners: Statement<[Holding], { name: Tag }>;
  readonly #holders: Statement<[Digest], { count: number }>;
  readonly #named: Statement<[Digest], NamedRow>;

  constructor(connection: Connection, order: SqliteEvictionOrder) {
    this.#order = order;
    this.#repository = connection.prepare('SELECT upstream, name FROM repositories WHERE id = ?');
    this.#referrer = connection.prepare(`
      SELECT upstream, name FROM repository_blobs AS link
      CROSS JOIN repositories ON repositories.id = link.repository
      WHERE link.digest = ? LIMIT 1
    `);
    this.#tags = connection.prepare(`
      SELECT name FROM tags INDEXED BY tags_naming
      WHERE repository = :repository AND digest = :digest LIMIT ${MAX_TAGS}
    `);
    this.#owners = connection.prepare(`
      SELECT name FROM tags INDEXED BY tags_naming
      WHERE repository = :repository AND digest IN (
        SELECT manifest FROM manifest_references WHERE digest = :digest AND kind = 'manifest'
        UNION ALL SELECT subject FROM repository_manifests
        WHERE repository = :repository AND digest = :digest
      ) LIMIT ${MAX_OWNERS}
    `);
    this.#holders = connection.prepare(
      'SELECT count(*) AS count FROM repository_manifests WHERE digest = ?',
    );
    this.#named = connection.prepare(`
      SELECT reference.digest, blobs.size, blobs.hosted, blobs.named
      FROM manifest_references AS reference
      LEFT JOIN blobs ON blobs.digest = reference.digest WHERE reference.manifest = ?
    `);
  }

  blob({ digest, size, usedAt }: LooseBlob): NextEviction {
    const row = this.#referrer.get(digest);
    return { kind: 'blob', repository: row && repositoryOf(row), digest, bytes: size, usedAt };
  }

  manifests(limit: number): NextEviction[] {
    const next: NextEviction[] = [];
    const gone = new Gone();
    let passedOver = 0;
    if (limit <= 0) return next;
    for (const candidate of this.#order.candidates()) {
      if (candidate.isPinned) {
        passedOver += 1;
        if (passedOver >= MAX_PASSED_OVER) break;
        continue;
      }
      const told = this.#manifest(candidate, gone);
      if (told) next.push(told);
      if (next.length >= limit) break;
    }
    return next;
  }

  #manifest(candidate: Candidate, gone: Gone): NextEviction | undefined {
    const { repository, digest, usedAt } = candidate;
    const row = this.#repository.get(repository);
    if (row === undefined) return undefined;
    return {
      kind: 'manifest',
      repository: repositoryOf(row),
      digest,
      tags: this.#tags.all({ repository, digest }).map(({ name }) => name),
      belongsTo: this.#owners.all({ repository, digest }).map(({ name }) => name),
      bytes: this.#freed(digest, gone),
      usedAt,
    };
  }

  #freed(digest: Digest, gone: Gone): number {
    const holders = this.#holders.get(digest)?.count ?? 0;
    if (gone.count(`held ${digest}`) < holders) return 0;
    let bytes = 0;
    for (const { digest: blob, size, hosted, named } of this.#named.all(digest)) {
      const unnamed = gone.count(`named ${blob}`);
      if (size !== null && hosted === 0 && unnamed === named) bytes += size;
    }
    return bytes;
  }
}

/** How often something has been taken away so far. */
class Gone {
  readonly #counts = new Map<string, number>();

  count(key: string): number {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }
}
