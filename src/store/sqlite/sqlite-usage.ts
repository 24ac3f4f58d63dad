import type { Statement } from 'better-sqlite3';
import type { UsageRecord } from '../inventory-records.ts';
import type { Connection } from './connection.ts';

type UsageRow = Omit<UsageRecord, 'upstream'> & { readonly upstream: string };

/** What was asked for, by day and upstream. */
export class SqliteUsage {
  readonly #add: Statement<[UsageRow]>;
  readonly #dropBefore: Statement<[day: string]>;
  readonly #list: Statement<[from: string], UsageRow>;

  constructor(connection: Connection) {
    this.#add = connection.prepare(`
      INSERT INTO usage (day, upstream, requests, hits, misses, stale, bytes_served, bytes_fetched)
      VALUES (:day, :upstream, :requests, :hits, :misses, :stale, :bytesServed, :bytesFetched)
      ON CONFLICT DO UPDATE SET
        requests = requests + excluded.requests, hits = hits + excluded.hits,
        misses = misses + excluded.misses, stale = stale + excluded.stale,
        bytes_served = bytes_served + excluded.bytes_served,
        bytes_fetched = bytes_fetched + excluded.bytes_fetched
    `);
    this.#dropBefore = connection.prepare('DELETE FROM usage WHERE day < ?');
    this.#list = connection.prepare(`
      SELECT day, upstream, requests, hits, misses, stale,
        bytes_served AS bytesServed, bytes_fetched AS bytesFetched
      FROM usage WHERE day >= ? ORDER BY day, upstream
    `);
  }

  /** Inside a write only. */
  add(usage: readonly UsageRecord[], keepFrom: string): void {
    for (const one of usage) this.#add.run({ ...one, upstream: one.upstream ?? '' });
    this.#dropBefore.run(keepFrom);
  }

  list(from: string): UsageRecord[] {
    return this.#list
      .all(from)
      .map((row) => ({ ...row, upstream: row.upstream === '' ? undefined : row.upstream }));
  }
}
