import type { TestContext } from 'node:test';

const cleanUps = new WeakMap<TestContext, (() => unknown)[]>();

/**
 * Runs `end` after the test, last come first served: what was started on top of something ends before it. The
 * hooks of node:test run the other way round, and one that fails keeps the others from running.
 */
export function cleanUp(t: TestContext, end: () => unknown): void {
  const known = cleanUps.get(t);
  if (known) {
    known.push(end);
    return;
  }
  const ends = [end];
  cleanUps.set(t, ends);
  t.after(async () => {
    const results: PromiseSettledResult<unknown>[] = [];
    for (const one of ends.toReversed()) {
      results.push(...(await Promise.allSettled([Promise.resolve().then(one)])));
    }
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  });
}
