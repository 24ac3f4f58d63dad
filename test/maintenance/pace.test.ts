import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pace } from '../../src/maintenance/pace.ts';

test('work rests for longer than it took', async () => {
  const pace = new Pace();
  const began = performance.now();
  await sleep(20);
  const worked = performance.now() - began;
  await pace.rest();
  assert.ok(performance.now() - began > 2 * worked);
});

test('a rest ends at once when it is aborted', async () => {
  const pace = new Pace();
  await sleep(20);
  const stop = new AbortController();
  const rest = pace.rest(stop.signal);
  stop.abort();
  await assert.rejects(rest, { name: 'AbortError' });
});
