import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than anything that is waited for takes, even on a machine that is busy; only waiting counts, not what asking takes. */
const DEADLINE_MS = 20_000;
const INTERVAL_MS = 5;

/** Resolves as soon as `condition` holds; fails, naming `what`, where it never does. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  for (let waited = 0; !(await condition()); waited += INTERVAL_MS) {
    if (waited > deadlineMs) throw new Error(`never came true: ${what}`);
    await sleep(INTERVAL_MS);
  }
}
