import { sumUsage } from '../../usage-counts.ts';
import { compareBytes } from '../byte-order.ts';
import type { UsageRecord } from '../inventory-records.ts';

export class MemoryUsage {
  readonly #records = new Map<string, UsageRecord>();

  add(usage: readonly UsageRecord[], keepFrom: string): void {
    for (const one of usage) {
      const key = keyOf(one);
      const before = this.#records.get(key);
      this.#records.set(key, before ? { ...one, ...sumUsage(before, one) } : one);
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
