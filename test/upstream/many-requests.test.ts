import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../helpers/eventually.ts';
import { Gate } from '../helpers/gate.ts';
import { ask, startMirror } from '../helpers/mirror.ts';

test('a dozen requests to an upstream at a time are not taken for a leak', async (t) => {
  const warnings: string[] = [];
  const listener = (warning: Error): void => void warnings.push(warning.name);
  process.on('warning', listener);
  t.after(() => process.off('warning', listener));
  const { upstream, holdfast } = await startMirror(t);
  const names = Array.from({ length: 14 }, (_, index) => `team/app-${index}`);
  for (const name of names) upstream.addImage(name, '1');
  const gate = new Gate();
  upstream.fault({ holdHeaders: gate });
  const asked = Promise.all(names.map((name) => ask(holdfast, `/v2/${name}/manifests/1`)));
  await eventually('all are under way at the same time', () => {
    return Promise.resolve(upstream.count('GET') === names.length);
  });
  gate.release();
  const replies = await asked;
  assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
  // Warnings are told in a later turn.
  await sleep(1);
  assert.deepEqual(warnings, []);
});
