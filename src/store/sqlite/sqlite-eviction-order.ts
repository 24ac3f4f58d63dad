import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Connection } from './connection.ts';
import type { Holding, SqlitePins } from './sqlite-pins.ts';

export interface Candidate extends Holding {
  readonly usedAt: number;
  readonly isPinned: boolean;
}

/** Read ahead; eviction takes a few at a time. */
const PAGE = 20;

/** The one order in which mirrored manifests go: by last use, the longest ago first. */
export class SqliteEvictionOrder {
  readonly #pins: SqlitePins;
  readonly #oldest: Statement<[Holding & { usedAt: number }], Holding & { usedAt: number }>;

  constructor(connection: Connection, pins: SqlitePins) {
    this.#pins = pins;
    this.#oldest = connection.prepare(`
      SELECT repository, digest, used_at AS usedAt
      FROM repository_manifests INDEXED BY repository_manifests_by_use
      WHERE used_at IS NOT NULL AND kept = 0
        AND (used_at, repository, digest) > (:usedAt, :repository, :digest)
      ORDER BY used_at, repository, digest LIMIT ${PAGE}
    `);
  }

  /** Those that are pinned too, until eviction has told `SqlitePins.keep`. Lazily: whoever has enough stops asking. */
  *candidates(): Generator<Candidate, void, undefined> {
    const isPinned = this.#pins.matcher();
    let after: Holding & { usedAt: number } = { usedAt: -1, repository: 0, digest: '' as Digest };
    for (;;) {
      const page = this.#oldest.all(after);
      for (const one of page) yield { ...one, isPinned: isPinned(one) };
      const last = page.at(-1);
      if (last === undefined) return;
      after = last;
    }
  }
}
