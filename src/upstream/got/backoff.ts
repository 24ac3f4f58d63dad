import { setTimeout as sleep } from 'node:timers/promises';
import { isTransient } from './failure.ts';
import type { TimeBudget } from './time-budget.ts';

/** Enough to get over a restart of a load balancer; what takes longer is the breaker's business. */
const MAX_REPEATS = 2;
/** Before the first repeat; doubled for the second. ms. */
const FIRST_DELAY = 150;

/**
 * Repeats `ask` after failures that pass by themselves (refused or reset connections, 502, 503, 504), as far as the
 * budget goes. Only for requests that are safe to repeat.
 *
 * @throws the last failure
 */
export async function withRepeats<T>(
  ask: () => Promise<T>,
  budget: TimeBudget,
  signal?: AbortSignal,
): Promise<T> {
  for (let repeats = 0; ; repeats++) {
    try {
      return await ask();
    } catch (error) {
      // Jitter keeps many mirrors from coming back in step.
      const delay = FIRST_DELAY * 2 ** repeats * (0.5 + Math.random());
      if (repeats === MAX_REPEATS || !isTransient(error) || delay >= budget.left) throw error;
      await pause(delay, signal);
    }
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal });
  } catch (error) {
    // The caller's own reason, not the AbortError around it.
    signal?.throwIfAborted();
    throw error;
  }
}
