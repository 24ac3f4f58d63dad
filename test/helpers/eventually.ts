import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than anything that is waited for takes, even on a machine that is busy. */
const DEADLINE_MS = 20_000;
const INTERVAL_MS = 5;

/** Resolves as soon as `condition` holds; fails, naming `what`, where it never does. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`);
    await sleep(INTERVAL_MS);
  }
}
