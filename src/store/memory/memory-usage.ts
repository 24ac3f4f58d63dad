import { compareBytes } from '../byte-order.ts';
import type { UsageCounts, UsageRecord } from '../inventory-records.ts';

export class MemoryUsage {
  readonly #records = new Map<string, UsageRecord>();

  add(usage: readonly UsageRecord[], keepFrom: string): void {
    for (const one of usage) {
      const key = keyOf(one);
      const before = this.#records.get(key);
      this.#records.set(key, before ? { ...one, ...sum(before, one) } : one);
    }
    for (const [key, { day }] of this.#records) if (day < keepFrom) this.#records.delete(key);
  }

  list(from: string): UsageRecord[] {
    return [...this.#records.values()]
      .filter(({ day }) => day >= from)
      .toSorted((a, b) => compareBytes(keyOf(a), keyOf(b)));
  }
}

function keyOf({ day, upstream = '' }: UsageRecord): string {
  return `${day} ${upstream}`;
}

function sum(one: UsageCounts, other: UsageCounts): UsageCounts {
  return {
    requests: one.requests + other.requests,
    hits: one.hits + other.hits,
    misses: one.misses + other.misses,
    stale: one.stale + other.stale,
    bytesServed: one.bytesServed + other.bytesServed,
    bytesFetched: one.bytesFetched + other.bytesFetched,
  };
}
