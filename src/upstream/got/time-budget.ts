import type { Clock } from '../../clock.ts';

/** The time that one call may take in all, however many requests it is made of. */
export class TimeBudget {
  readonly #total: number;
  readonly #clock: Clock;
  #deadline: number;

  /** @param total - milliseconds, from now on */
  constructor(total: number, clock: Clock) {
    this.#total = total;
    this.#clock = clock;
    this.#deadline = clock.now() + total;
  }

  /** Milliseconds; never negative. */
  get left(): number {
    const latest = this.#clock.now() + this.#total;
    // Further away the deadline is only where the clock was set back since.
    this.#deadline = Math.min(this.#deadline, latest);
    return Math.max(0, this.#deadline - this.#clock.now());
  }

  /** Waits for something that is not upstream's fault: that time does not count. */
  async suspend<T>(wait: () => Promise<T>): Promise<T> {
    const began = this.#clock.now();
    try {
      return await wait();
    } finally {
      this.#deadline += this.#clock.now() - began;
    }
  }
}
