import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';

/** Enough for a busy farm's typos; an entry is a short string and a number. */
const MAX_ENTRIES = 10_000;

/** Remembers for a while that upstream does not have something, so that a retrying client costs upstream nothing. */
export class NegativeCache {
  readonly #until = new LRUCache<string, number>({ max: MAX_ENTRIES });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Remembers `key` for `maxAge` ms. */
  remember(key: string, maxAge: number): void {
    if (maxAge > 0) this.#until.set(key, this.#clock.now() + maxAge);
  }

  has(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (this.#clock.now() < until) return true;
    this.#until.delete(key);
    return false;
  }
}
