/**
 * Remembers that an upstream is in trouble, so that clients do not wait for the same time limit one after another.
 *
 * closed → (one timeout, or FAILURES_TO_OPEN quick failures in a row) → open → after a while → half-open: one probe at a
 * time is let through; its success closes, its failure opens again for twice as long. A 429 blocks until its
 * Retry-After has passed. While it is not closed, a call that is not let through fails at once with the last failure's kind.
 */
import type { Clock } from '../clock.ts';
import { UpstreamError } from '../upstream/errors.ts';

/** A timeout costs a client many seconds, a refused connection nothing: only the former opens at once. */
const FAILURES_TO_OPEN = 5;
const FIRST_OPEN_MS = 1_000;
const LAST_OPEN_MS = 30_000;
/** Where a 429 does not say how long, and the longest that one is believed. */
const DEFAULT_RETRY_AFTER_MS = 1_000;
const LONGEST_RETRY_AFTER_MS = 6 * 60 * 60 * 1_000;

export type BreakerState = 'closed' | 'open' | 'half-open';

/** The last call that upstream let down, whatever came after it. */
export interface LastFailure {
  readonly at: number;
  readonly error: UpstreamError;
}

export interface BreakerOptions {
  readonly upstream: string;
  readonly clock: Clock;
  readonly onChange: (info: { upstream: string; open: boolean; forMs: number }) => void;
}

export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #openings = 0;
  #openedAt = 0;
  #openUntil = 0;
  #probing = false;
  #lastFailure: UpstreamError | undefined;
  #seenFailure: LastFailure | undefined;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    if (this.#lastFailure === undefined || this.#openUntil === 0) return 'closed';
    const now = this.#options.clock.now();
    // A clock that was set back must not keep it open until its time has come again.
    return now >= this.#openedAt && now < this.#openUntil ? 'open' : 'half-open';
  }

  /** When upstream is asked again, ms since the epoch; undefined where it is not left alone. */
  get retryAt(): number | undefined {
    return this.state === 'open' ? this.#openUntil : undefined;
  }

  get lastFailure(): LastFailure | undefined {
    return this.#seenFailure;
  }

  /** Runs `call` if it may go, and learns from how it ends. */
  async run<Value>(call: () => Promise<Value>): Promise<Value> {
    const state = this.state;
    if (state === 'open' || (state === 'half-open' && this.#probing)) throw this.#refusal();
    const probe = state === 'half-open';
    if (probe) this.#probing = true;
    try {
      const value = await call();
      this.#succeeded();
      return value;
    } catch (error) {
      this.#learn(error);
      throw error;
    } finally {
      if (probe) this.#probing = false;
    }
  }

  #learn(error: unknown): void {
    if (!(error instanceof UpstreamError)) return;
    switch (error.kind) {
      case 'timeout':
        return this.#failed(error, FAILURES_TO_OPEN);
      case 'unreachable':
      case 'unavailable':
        return this.#failed(error, 1);
      case 'rate-limited':
        return this.#block(error);
      case 'not-found':
      case 'denied':
      case 'bad-answer':
        // It answered, and in time.
        return this.#succeeded();
      case 'offline':
        return;
    }
  }

  #failed(error: UpstreamError, weight: number): void {
    this.#see(error);
    // It was under way when another call's failure opened it: one outage must not count once for every client.
    if (this.state === 'open') return;
    this.#failures += weight;
    if (this.#failures < FAILURES_TO_OPEN) return;
    const forMs = Math.min(LAST_OPEN_MS, FIRST_OPEN_MS * 2 ** this.#openings);
    this.#openings += 1;
    this.#open(error, forMs);
  }

  #block(error: UpstreamError): void {
    this.#see(error);
    const told = error.retryAfter ?? DEFAULT_RETRY_AFTER_MS;
    this.#open(error, Math.min(told, LONGEST_RETRY_AFTER_MS));
  }

  #see(error: UpstreamError): void {
    this.#seenFailure = { at: this.#options.clock.now(), error };
  }

  #open(error: UpstreamError, forMs: number): void {
    const now = this.#options.clock.now();
    this.#openUntil = Math.max(this.retryAt ?? 0, now + forMs);
    this.#openedAt = now;
    this.#lastFailure = error;
    this.#options.onChange({ upstream: this.#options.upstream, open: true, forMs });
  }

  #succeeded(): void {
    const wasOpen = this.#openUntil !== 0;
    this.#failures = 0;
    this.#openings = 0;
    this.#openUntil = 0;
    this.#lastFailure = undefined;
    if (wasOpen)
      this.#options.onChange({ upstream: this.#options.upstream, open: false, forMs: 0 });
  }

  #refusal(): UpstreamError {
    const last = this.#lastFailure;
    const now = this.#options.clock.now();
    const retryAfter = Math.max(0, (this.retryAt ?? now) - now);
    // The last failure's own message tells what another client asked for; only the log may have it.
    return new UpstreamError(
      last?.kind ?? 'unreachable',
      `${this.#options.upstream} was not asked: it failed moments ago`,
      { retryAfter, status: last?.status, cause: last },
    );
  }
}
