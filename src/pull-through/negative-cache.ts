import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';

/** Enough for a busy farm's typos; an entry is a short string and a number. */
const MAX_ENTRIES = 10_000;

/** Remembers for a while that upstream does not have something, so that a retrying client costs upstream nothing. */
export class NegativeCache {
  readonly #remembered = new LRUCache<string, { readonly at: number; readonly maxAge: number }>({
    max: MAX_ENTRIES,
  });
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Remembers `key` for `maxAge` ms. */
  remember(key: string, maxAge: number): void {
    if (maxAge > 0) this.#remembered.set(key, { at: this.#clock.now(), maxAge });
  }

  has(key: string): boolean {
    const remembered = this.#remembered.get(key);
    if (!remembered) return false;
    const age = this.#clock.now() - remembered.at;
    // Negative: the clock was set back, and nobody knows how old it is.
    if (age >= 0 && age < remembered.maxAge) return true;
    this.#remembered.delete(key);
    return false;
  }
}
