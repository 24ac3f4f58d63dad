/** What was asked for, day by day: counted in memory and written down in batches, so that no hit costs a write. */
import type { UsageAnswer, UsageDay } from '../api/activity.ts';
import type { Clock } from '../clock.ts';
import type { Repository, WholeUpstream } from '../oci/repository.ts';
import type { Outcome } from '../pull-through/outcome.ts';
import { StoreFullError } from '../store/blob-store.ts';
import type { InventoryRecords, UsageRecord } from '../store/inventory-records.ts';
import { NO_USAGE, sumUsage, type UsageCounts } from '../usage-counts.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A year, and what is compared with it. */
const KEPT_DAYS = 400;

export interface ServedContent {
  readonly source: Repository;
  readonly outcome: Outcome;
}

export class UsageByDay {
  readonly #inventory: InventoryRecords;
  readonly #clock: Clock;
  #pending = new Map<string, UsageRecord>();

  constructor(inventory: InventoryRecords, clock: Clock) {
    this.#inventory = inventory;
    this.#clock = clock;
  }

  /** A manifest or blob was answered with, and `bytes` of it got through. */
  served({ source, outcome }: ServedContent, bytes: number): void {
    const upstream = source.kind === 'mirrored' ? source.upstream : undefined;
    const { hits, misses, stale } = countsOf(outcome);
    this.#add(upstream, { ...NO_USAGE, requests: 1, hits, misses, stale, bytesServed: bytes });
  }

  fetched(upstream: string, bytes: number): void {
    if (bytes > 0) this.#add(upstream, { ...NO_USAGE, bytesFetched: bytes });
  }

  /** Writes down what was counted until now. On a full disk it is kept for the next time. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    if (pending.size === 0) return;
    this.#pending = new Map();
    try {
      const oldest = dayOf(this.#clock.now() - KEPT_DAYS * DAY_MS);
      await this.#inventory.addUsage([...pending.values()], oldest);
    } catch (error) {
      for (const [key, one] of pending) this.#merge(key, one);
      if (!(error instanceof StoreFullError)) throw error;
    }
  }

  /** The last `count` days, today last. What is not shown does not count in the sums either: it would tell of itself by them. */
  async days(count: number, isShown: (upstream: WholeUpstream) => boolean): Promise<UsageAnswer> {
    await this.flush();
    const now = this.#clock.now();
    const wanted = Array.from({ length: count }, (_, day) =>
      dayOf(now - (count - 1 - day) * DAY_MS),
    );
    const written = await this.#inventory.listUsage(wanted[0] ?? dayOf(now));
    const records = [...written, ...this.#pending.values()].filter(
      ({ upstream }) => upstream === undefined || isShown({ kind: 'upstream', upstream }),
    );
    const days = new Map<string, UsageRecord[]>(wanted.map((day) => [day, []]));
    for (const one of records) days.get(one.day)?.push(one);
    return { days: Array.from(days, ([day, own]) => dayUsage(day, own)) };
  }

  #add(upstream: string | undefined, counts: UsageCounts): void {
    const day = dayOf(this.#clock.now());
    this.#merge(`${day} ${upstream ?? ''}`, { day, upstream, ...counts });
  }

  #merge(key: string, one: UsageRecord): void {
    const before = this.#pending.get(key);
    this.#pending.set(key, before ? { ...one, ...sumUsage(before, one) } : one);
  }
}

function countsOf({ kind }: Outcome): Pick<UsageCounts, 'hits' | 'misses' | 'stale'> {
  switch (kind) {
    case 'hit':
    case 'revalidated':
    // Older on purpose: it is what should be served.
    case 'min-age':
      return { hits: 1, misses: 0, stale: 0 };
    case 'miss':
    case 'updated':
      return { hits: 0, misses: 1, stale: 0 };
    case 'stale-if-error':
    case 'stale-while-revalidate':
    case 'stale-to-save-limit':
      return { hits: 0, misses: 0, stale: 1 };
  }
}

function dayUsage(day: string, records: readonly UsageRecord[]): UsageDay {
  const upstreams = [...new Set(records.map(({ upstream }) => upstream))].map((upstream) => {
    const own = records.filter((one) => one.upstream === upstream);
    return { upstream: upstream ?? null, ...sumUsage(...own) };
  });
  return { day, total: sumUsage(...records), upstreams };
}

/** The day, in UTC, that was asked for last: most requests are of the same one. */
let lastDay = { number: Number.NaN, text: '' };

function dayOf(ms: number): string {
  const number = Math.floor(ms / DAY_MS);
  if (number !== lastDay.number) {
    lastDay = { number, text: new Date(ms).toISOString().slice(0, 10) };
  }
  return lastDay.text;
}
