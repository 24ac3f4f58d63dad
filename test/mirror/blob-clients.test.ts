import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import { Gate } from '../helpers/gate.ts';
import { ask, startMirror, untilHeld } from '../helpers/mirror.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const SIZE = 400_000;
const BLOBS = /\/blobs\//;
/** More than the kernel buffers for a client that does not read. */
const LARGE = 24 * 1024 * 1024;

async function start(t: TestContext, size = SIZE) {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [size] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const path = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  return { upstream, holdfast, layer, path, url: holdfast.url + path };
}

test('a client that leaves in mid-body does not stop the fill', async (t) => {
  const { upstream, holdfast, layer, path, url } = await start(t);
  const gate = upstream.hold(BLOBS, 200_000);
  const client = await RawClient.get(url).bytes(100_000);
  client.leave();
  gate.release();
  await untilHeld(holdfast, path);
  assertSameBytes((await ask(holdfast, path)).body, layer);
  assert.equal(upstream.count('GET', BLOBS), 1);
  assert.ok(upstream.requests.every(({ aborted }) => !aborted));
});

test('the client that began a fill leaves, and those that joined get everything', async (t) => {
  const { upstream, layer, url } = await start(t);
  const gate = upstream.hold(BLOBS, 200_000);
  const first = await RawClient.get(url).bytes(100_000);
  const others = await Promise.all(
    Array.from({ length: 10 }, () => RawClient.get(url).bytes(50_000)),
  );
  first.leave();
  gate.release();
  for (const other of others) assertSameBytes((await other.end()).body, layer);
  assert.equal(upstream.count('GET', BLOBS), 1);
});

test('a client that leaves before upstream has answered does not stop the fill either', async (t) => {
  const { upstream, holdfast, path, url } = await start(t);
  const gate = new Gate();
  upstream.fault({ path: BLOBS, method: 'GET', holdHeaders: gate });
  const client = RawClient.get(url);
  await gate.reached;
  client.leave();
  gate.release();
  await untilHeld(holdfast, path);
  assert.equal(upstream.count('GET', BLOBS), 1);
});

test('a fill that every client has left goes on to its end', async (t) => {
  const { upstream, holdfast, layer, path, url } = await start(t);
  const gate = upstream.hold(BLOBS, 200_000);
  const clients = Array.from({ length: 20 }, () => RawClient.get(url));
  for (const client of clients) (await client.bytes(1000)).leave();
  gate.release();
  await untilHeld(holdfast, path);
  upstream.clear();
  assertSameBytes((await ask(holdfast, path)).body, layer);
  assert.deepEqual(upstream.requests, []);
});

test('a client that does not read delays nobody, and gets everything when it does', async (t) => {
  const { upstream, holdfast, layer, path, url } = await start(t, LARGE);
  const slow = await RawClient.get(url).bytes(1);
  slow.pause();
  const fast = await ask(holdfast, path);
  assertSameBytes(fast.body, layer);
  await untilHeld(holdfast, path);
  assert.ok(slow.bodyLength < LARGE);
  slow.resume();
  assertSameBytes((await slow.end()).body, layer);
  assert.equal(upstream.count('GET', BLOBS), 1);
});

test('a slow client gets everything although the blob is dropped from the cache meanwhile', async (t) => {
  const { holdfast, layer, path, url } = await start(t, LARGE);
  const slow = await RawClient.get(url).bytes(1);
  slow.pause();
  await untilHeld(holdfast, path);
  const dropped = await ask(holdfast, path, { method: 'DELETE' });
  assert.equal(dropped.status, 202);
  slow.resume();
  assertSameBytes((await slow.end()).body, layer);
});

test('a slow client is not waited for by the fill', async (t) => {
  const { upstream, holdfast, path, url } = await start(t, LARGE);
  const slow = await RawClient.get(url).bytes(1);
  slow.pause();
  await untilHeld(holdfast, path);
  await eventually('upstream has sent everything', () => upstream.underWay === 0);
  slow.leave();
});
