import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { eventually } from '../helpers/eventually.ts';
import { APP, bytesOf, isError, makeUpstream, startFake } from './make-upstream.ts';

const LAYER = madeUpBytes('layer', 300_000);

for (const redirectBlobs of [false, true]) {
  test(`a blob comes whole, ${redirectBlobs ? 'through a redirect' : 'directly'}`, async (t) => {
    const fake = await startFake(t, { redirectBlobs });
    const { start, size, body } = await makeUpstream(t, fake.url).blob(APP, fake.addBlob(LAYER), 0);
    assert.deepEqual([start, size], [0, LAYER.length]);
    assert.deepEqual(await bytesOf(body), LAYER);
    assert.ok(fake.requests.every(({ headers }) => headers.range === undefined));
  });

  test(`a blob comes from a byte on, ${redirectBlobs ? 'through a redirect' : 'directly'}`, async (t) => {
    const fake = await startFake(t, { redirectBlobs });
    const digest = fake.addBlob(LAYER);
    const { start, size, body } = await makeUpstream(t, fake.url).blob(APP, digest, 1000);
    assert.deepEqual([start, size], [1000, LAYER.length]);
    assert.deepEqual(await bytesOf(body), LAYER.subarray(1000));
  });
}

test('upstream that ignores the range tells so by its start', async (t) => {
  const fake = await startFake(t);
  fake.fault({ ignoreRange: true });
  const { start, body } = await makeUpstream(t, fake.url).blob(APP, fake.addBlob(LAYER), 1000);
  assert.equal(start, 0);
  assert.deepEqual(await bytesOf(body), LAYER);
});

test('another range than the one asked for is a bad answer', async (t) => {
  const fake = await startFake(t);
  fake.fault({ shiftRange: 5 });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.blob(APP, fake.addBlob(LAYER), 1000), isError('bad-answer'));
});

for (const part of [100_000, 10_000_000]) {
  test(`a range that ends ${part} bytes on, before the blob does, is given as it is`, async (t) => {
    const layer = madeUpBytes('in parts', 20_000_000);
    const fake = await startFake(t);
    const from = 1_000_000;
    fake.fault({ onlyUpTo: from + part });
    const timeouts = { connect: 5000, headers: 5000, idle: 1000 };
    const upstream = makeUpstream(t, fake.url, { timeouts });
    const { start, size, body } = await upstream.blob(APP, fake.addBlob(layer), from);
    assert.deepEqual([start, size], [from, layer.length]);
    assert.ok((await bytesOf(body)).equals(layer.subarray(from, from + part)));
  });
}

test('a 206 without Content-Range is a bad answer', async (t) => {
  const fake = await startFake(t);
  fake.fault({ headers: { 'content-range': undefined } });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.blob(APP, fake.addBlob(LAYER), 1000), isError('bad-answer'));
});

test('a range behind the end is a bad answer', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(
    upstream.blob(APP, fake.addBlob(LAYER), LAYER.length),
    isError('bad-answer'),
  );
});

test('the size is unknown where upstream does not tell', async (t) => {
  const fake = await startFake(t);
  fake.fault({ chunked: true });
  const { size, body } = await makeUpstream(t, fake.url).blob(APP, fake.addBlob(LAYER), 0);
  assert.equal(size, undefined);
  assert.deepEqual(await bytesOf(body), LAYER);
});

for (const fault of [{ cutAfter: 100_000 }, { truncateAfter: 100_000 }]) {
  test(`a body that ends short is unreachable: ${Object.keys(fault).join()}`, async (t) => {
    const fake = await startFake(t);
    fake.fault(fault);
    const { body } = await makeUpstream(t, fake.url).blob(APP, fake.addBlob(LAYER), 0);
    await assert.rejects(bytesOf(body), isError('unreachable'));
  });
}

test('a chunked range that ends cleanly but short is unreachable', async (t) => {
  const fake = await startFake(t);
  fake.fault({ chunked: true, truncateAfter: 1000 });
  const { body } = await makeUpstream(t, fake.url).blob(APP, fake.addBlob(LAYER), 1000);
  await assert.rejects(bytesOf(body), isError('unreachable', /ended after 1000 of 299000/));
});

test('a body that stalls is a timeout', async (t) => {
  const fake = await startFake(t);
  fake.fault({ stallAfter: 100_000 });
  const timeouts = { connect: 5000, headers: 5000, idle: 50 };
  const { body } = await makeUpstream(t, fake.url, { timeouts }).blob(APP, fake.addBlob(LAYER), 0);
  let received = 0;
  const reading = (async () => {
    for await (const chunk of body) received += chunk.length;
  })();
  await assert.rejects(reading, isError('timeout'));
  assert.equal(received, 100_000);
});

test('a reader that takes its time is not mistaken for a stall', async (t) => {
  const fake = await startFake(t);
  const large = madeUpBytes('large', 20_000_000);
  const timeouts = { connect: 5000, headers: 5000, idle: 300 };
  const { body } = await makeUpstream(t, fake.url, { timeouts }).blob(APP, fake.addBlob(large), 0);
  let received = 0;
  let paused = false;
  for await (const chunk of body) {
    if (!paused) await new Promise((resolve) => setTimeout(resolve, 900));
    paused = true;
    received += chunk.length;
  }
  assert.equal(received, large.length);
});

test('leaving the body early closes the connection', async (t) => {
  const fake = await startFake(t);
  fake.hold(/blobs/, 1000);
  const { body } = await makeUpstream(t, fake.url).blob(APP, fake.addBlob(LAYER), 0);
  for await (const chunk of body) {
    assert.equal(chunk.length, 1000);
    break;
  }
  await eventually('the connection is closed', () => fake.requests[0]?.aborted === true);
});

test("the signal's reason ends the body", async (t) => {
  const fake = await startFake(t);
  fake.hold(/blobs/, 1000);
  const leave = new AbortController();
  const digest = fake.addBlob(LAYER);
  const { body } = await makeUpstream(t, fake.url).blob(APP, digest, 0, leave.signal);
  const reason = new Error('nobody wants it');
  const reading = (async () => {
    for await (const chunk of body) {
      assert.equal(chunk.length, 1000);
      leave.abort(reason);
    }
  })();
  await assert.rejects(reading, reason);
});

test("the signal's reason ends the wait for headers", async (t) => {
  const fake = await startFake(t);
  fake.fault({ hang: true });
  const leave = new AbortController();
  const asked = makeUpstream(t, fake.url).blob(APP, fake.addBlob(LAYER), 0, leave.signal);
  await eventually('the request is in', () => fake.requests.length === 1);
  const reason = new Error('nobody wants it');
  leave.abort(reason);
  await assert.rejects(asked, reason);
  await eventually('the connection is closed', () => fake.requests[0]?.aborted === true);
});

test('a blob is asked for once: bodies are not repeated', async (t) => {
  const fake = await startFake(t);
  fake.fault({ status: 503 });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.blob(APP, fake.addBlob(LAYER), 0), isError('unavailable'));
  assert.equal(fake.requests.length, 1);
});

test('HEAD blob tells the size', async (t) => {
  const fake = await startFake(t);
  const digest = fake.addBlob(LAYER);
  assert.deepEqual(await makeUpstream(t, fake.url).headBlob(APP, digest), { size: LAYER.length });
});

test('HEAD blob survives storage whose URLs are signed for GET only', async (t) => {
  const fake = await startFake(t, { redirectBlobs: true });
  const digest = fake.addBlob(LAYER);
  fake.fault({ method: 'HEAD', path: /signed/, status: 403 });
  assert.deepEqual(await makeUpstream(t, fake.url).headBlob(APP, digest), { size: LAYER.length });
});

test('a blob that is missing is not found, by HEAD and by GET', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  const digest = fake.addBlob(LAYER, 'some/other');
  await assert.rejects(upstream.headBlob(APP, digest), isError('not-found'));
  await assert.rejects(upstream.blob(APP, digest, 0), isError('not-found'));
});

test('a connection is used again after a body was read to its end', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  const digest = fake.addBlob(LAYER);
  for (let i = 0; i < 3; i++) await bytesOf((await upstream.blob(APP, digest, 0)).body);
  assert.equal(fake.connections, 1);
});
