/**
 * What is left of an upstream's pull limit, as its answers tell (`ratelimit-remaining`). When little is left, what can
 * wait does: tags are served stale, nothing is fetched ahead, and the rest of the pulls goes to clients that miss.
 */
import type { Clock } from '../clock.ts';

/** Below this share of the limit the rest is saved. */
const FLOOR = 0.1;
/** A reading grows old: then one revalidation (a HEAD, which Docker Hub does not count) brings a new one. */
const READING_MAX_AGE_MS = 5 * 60 * 1_000;

/** What an answer told. */
export interface RateReading {
  readonly limit: number;
  readonly remaining: number;
  /** For how long `limit` counts, where upstream tells. */
  readonly windowSeconds?: number;
}

export class RateBudget {
  readonly #clock: Clock;
  #lowSince: number | undefined;
  #last: (RateReading & { readonly at: number }) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes a reading. */
  update(reading: RateReading): void {
    const at = this.#clock.now();
    this.#last = { ...reading, at };
    this.#lowSince = reading.remaining < reading.limit * FLOOR ? at : undefined;
  }

  /** The last reading; undefined where upstream has told nothing yet. */
  get last(): (RateReading & { readonly at: number }) | undefined {
    return this.#last;
  }

  /** Whether what is left should be kept for real misses. */
  get isLow(): boolean {
    if (this.#lowSince === undefined) return false;
    const age = this.#clock.now() - this.#lowSince;
    // Negative: the clock was set back, and nobody knows how old it is.
    return age >= 0 && age < READING_MAX_AGE_MS;
  }
}
