import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClosingSteps } from '../src/closing-steps.ts';

function recording(names: readonly string[], failing: readonly string[] = []) {
  const taken: string[] = [];
  const steps = new ClosingSteps();
  for (const name of names) {
    steps.add(async () => {
      taken.push(name);
      if (failing.includes(name)) throw new Error(name);
    });
  }
  return { steps, taken };
}

test('steps are taken in reverse, once', async () => {
  const { steps, taken } = recording(['lock', 'store', 'server']);
  await steps.close();
  await steps.close();
  assert.deepEqual(taken, ['server', 'store', 'lock']);
});

test('a step that fails is reported, and keeps none from being taken', async () => {
  const { steps, taken } = recording(['lock', 'store', 'server'], ['store']);
  await assert.rejects(steps.close(), { message: 'store' });
  assert.deepEqual(taken, ['server', 'store', 'lock']);
});

test('of several failures the first is told, with all of them', async () => {
  const { steps } = recording(['lock', 'store', 'server'], ['server', 'lock']);
  await assert.rejects(steps.close(), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.deepEqual(error.errors.map(String), ['Error: server', 'Error: lock']);
    return error.message === 'server';
  });
});
