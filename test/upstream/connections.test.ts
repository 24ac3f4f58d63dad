import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { ConnectionSlots } from '../../src/upstream/got/connection-slots.ts';
import { eventually } from '../helpers/eventually.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { APP, bytesOf, isError, makeUpstream, startFake, tagged } from './make-upstream.ts';

test('there are never more requests under way than maxConnections', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url, { maxConnections: 3 });
  fake.addImage(APP, '1.0');
  await Promise.all(Array.from({ length: 20 }, () => upstream.manifest(APP, tagged('1.0'))));
  assert.equal(fake.requests.length, 20);
  assert.ok(fake.peak <= 3, `${fake.peak} at once`);
});

test('downloads that fill their slots do not keep manifests waiting', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url, { maxConnections: 4 });
  fake.addImage(APP, '1.0');
  const digest = fake.addBlob(madeUpBytes('layer', 100_000));
  const gate = fake.hold(/blobs/, 10);
  const downloads = Array.from({ length: 5 }, async () =>
    bytesOf((await upstream.blob(APP, digest, 0)).body),
  );
  await eventually('two downloads run', () => fake.count('GET', /blobs/) === 2);
  await upstream.manifest(APP, tagged('1.0'));
  assert.equal(fake.count('GET', /blobs/), 2);
  gate.release();
  const bodies = await Promise.all(downloads);
  assert.ok(bodies.every((body) => body.length === 100_000));
});

test('a body keeps its slot until it ends or is left', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url, { maxConnections: 1 });
  fake.addImage(APP, '1.0');
  const digest = fake.addBlob(madeUpBytes('layer', 100_000));
  fake.hold(/blobs/, 10);
  const { body } = await upstream.blob(APP, digest, 0);
  let answered = false;
  const asked = upstream.manifest(APP, tagged('1.0')).then(() => {
    answered = true;
  });
  for await (const chunk of body) {
    assert.equal(chunk.length, 10);
    assert.equal(answered, false);
    break;
  }
  await asked;
});

for (const [what, size] of [
  ['is still arriving', 1_000_000],
  ['has arrived', 100],
] as const) {
  test(`a body that nobody reads and that ${what} gives its slot back when its signal aborts`, async (t) => {
    const fake = await startFake(t);
    const upstream = makeUpstream(t, fake.url, { maxConnections: 1 });
    fake.addImage(APP, '1.0');
    const digest = fake.addBlob(madeUpBytes('layer', size));
    const leave = new AbortController();
    await upstream.blob(APP, digest, 0, leave.signal);
    await setImmediate();
    leave.abort();
    await upstream.manifest(APP, tagged('1.0'));
  });
}

test('a body that is left before it was begun gives its slot back', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url, { maxConnections: 1 });
  fake.addImage(APP, '1.0');
  const digest = fake.addBlob(madeUpBytes('layer', 10_000_000));
  const { body } = await upstream.blob(APP, digest, 0);
  await body[Symbol.asyncIterator]().return?.();
  await upstream.manifest(APP, tagged('1.0'));
});

test('waiting for a slot ends with the signal, and takes none', async () => {
  const slots = new ConnectionSlots(1);
  const release = await slots.acquire('short');
  const leave = new AbortController();
  const left = slots.acquire('body', leave.signal);
  const patient = slots.acquire('body');
  const reason = new Error('left');
  leave.abort(reason);
  await assert.rejects(left, reason);
  release();
  (await patient)();
  (await slots.acquire('short'))();
});

test('slots are given in order of asking', async () => {
  const slots = new ConnectionSlots(1);
  const order: number[] = [];
  await Promise.all(
    [1, 2, 3].map(async (number) => {
      const release = await slots.acquire('short');
      order.push(number);
      await setImmediate();
      release();
    }),
  );
  assert.deepEqual(order, [1, 2, 3]);
});

test('close cuts what is under way, waiting or yet to come', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url, { maxConnections: 1 });
  const digest = fake.addBlob(madeUpBytes('layer', 100_000));
  fake.hold(/blobs/, 10);
  const { body } = await upstream.blob(APP, digest, 0);
  const reading = bytesOf(body);
  const waiting = upstream.tags(APP, {});
  await Promise.all([
    assert.rejects(reading, isError('unreachable', /closed/)),
    assert.rejects(waiting, isError('unreachable', /closed/)),
    upstream.close(),
  ]);
  await assert.rejects(upstream.tags(APP, {}), isError('unreachable', /closed/));
  await eventually('the connection is closed', () => fake.underWay === 0);
});
