import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deferred } from '../../src/pull-through/deferred.ts';
import { SingleFlight } from '../../src/pull-through/single-flight.ts';

test('whoever asks while a flight is under way joins it', async () => {
  const flights = new SingleFlight<string>();
  const gate = new Deferred<string>();
  let started = 0;
  const start = () => {
    started += 1;
    return gate.promise;
  };
  const answers = [flights.run('a', start), flights.run('a', start), flights.run('a', start)];
  gate.resolve('done');
  assert.deepEqual(
    answers.map(({ joined }) => joined),
    [false, true, true],
  );
  assert.deepEqual(await Promise.all(answers.map(({ result }) => result)), [
    'done',
    'done',
    'done',
  ]);
  assert.equal(started, 1);
});

test('a failure reaches every waiter, and is not remembered', async () => {
  const flights = new SingleFlight<string>();
  const gate = new Deferred<string>();
  const waiters = [flights.run('a', () => gate.promise), flights.run('a', () => gate.promise)];
  gate.reject(new Error('upstream is gone'));
  for (const { result } of waiters) await assert.rejects(result, /upstream is gone/);
  const again = flights.run('a', () => Promise.resolve('fine'));
  assert.equal(again.joined, false);
  assert.equal(await again.result, 'fine');
});

test('keys do not wait for each other', async () => {
  const flights = new SingleFlight<string>();
  void flights.run('a', () => new Promise<string>(() => undefined));
  assert.equal(await flights.run('b', () => Promise.resolve('b')).result, 'b');
});
