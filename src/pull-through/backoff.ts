import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 100;
const LAST_MS = 5_000;

/** Waits before try number `attempt` (1, 2, …): doubling, capped, and spread so that many fills do not come back at once. */
export async function backoff(attempt: number, signal: AbortSignal): Promise<void> {
  const full = Math.min(LAST_MS, FIRST_MS * 2 ** (attempt - 1));
  await sleep(full / 2 + Math.random() * (full / 2), undefined, { signal });
}
