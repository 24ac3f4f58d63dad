import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeBudget } from '../../src/upstream/got/time-budget.ts';

test('a clock that is set back leaves no more than there was', async () => {
  let now = 1_000_000;
  const budget = new TimeBudget(15_000, { now: () => now });
  now += 5_000;
  assert.equal(budget.left, 10_000);
  now -= 3_600_000;
  assert.equal(budget.left, 15_000);
  await budget.suspend(() => Promise.resolve((now -= 3_600_000)));
  assert.equal(budget.left, 15_000);
  now += 15_000;
  assert.equal(budget.left, 0);
});
