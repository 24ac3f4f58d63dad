/** `connectionsPerBlob`: a large blob in ranges, side by side, and one blob to whoever asks. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ask, startMirror, storedFiles, untilHeld } from '../helpers/mirror.ts';
import { Gate } from '../helpers/gate.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const MIB = 1024 * 1024;
/** Large enough for ranges, with an end that fills none. */
const SIZE = 40 * MIB + 12_345;
const BLOBS = /\/blobs\//;

async function start(t: TestContext, connectionsPerBlob = 4, size = SIZE) {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { connectionsPerBlob, timeouts: { connect: '1s', headers: '2s', idle: '500ms' } },
    config: { prefetch: 'off' },
  });
  const image = upstream.addImage('library/app', '1', { layers: [size] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const path = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  // The manifest tells the size.
  await ask(holdfast, '/v2/library/app/manifests/1');
  const ranges = (): readonly string[] =>
    upstream.requests
      .filter(({ method, url }) => method === 'GET' && BLOBS.test(url))
      .map(({ headers }) => headers.range ?? 'whole');
  return { upstream, holdfast, layer, path, ranges, url: holdfast.url + path };
}

test('a large blob comes in ranges that cover it once, and is held whole', async (t) => {
  const { holdfast, layer, path, ranges, upstream } = await start(t);
  const { status, headers, body } = await ask(holdfast, path);
  assert.equal(status, 200);
  assert.equal(headers.get('content-length'), String(SIZE));
  assertSameBytes(body, layer);
  await untilHeld(holdfast, path);

  const spans = ranges().map((range) => /^bytes=(\d+)-(\d+)$/.exec(range)?.slice(1).map(Number));
  let next = 0;
  for (const [from, to] of spans
    .toSorted((one, other) => (one?.[0] ?? 0) - (other?.[0] ?? 0))
    .map((span) => span ?? [])) {
    assert.equal(from, next);
    next = (to ?? 0) + 1;
  }
  assert.equal(next, SIZE);
  assert.ok(spans.length > 10, `${spans.length} ranges`);
  upstream.clear();
  assertSameBytes((await ask(holdfast, path)).body, layer);
  assert.deepEqual(upstream.requests, []);
});

test('as many ranges are under way as are configured, and whoever comes meanwhile follows them', async (t) => {
  const { upstream, holdfast, layer, path, ranges, url } = await start(t, 3);
  const gate = new Gate();
  upstream.fault({ path: BLOBS, method: 'GET', hold: { after: 1 * MIB, gate } });
  const first = await RawClient.get(url).bytes(MIB / 2);
  const span = RawClient.get(url, { Range: 'bytes=20000000-20000999' });
  await span.headers();
  assert.equal(ranges().length, 3);
  gate.release();
  assertSameBytes((await first.end()).body, layer);
  assertSameBytes((await span.end()).body, layer.subarray(20_000_000, 20_001_000));
  assertSameBytes((await ask(holdfast, path)).body, layer);
});

test('ranges that drop and stall are taken up where they were', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  upstream.fault({ path: BLOBS, cutAfter: MIB, times: 3 });
  upstream.fault({ path: BLOBS, stallAfter: 2 * MIB, times: 2 });
  assertSameBytes((await ask(holdfast, path)).body, layer);
  await untilHeld(holdfast, path);
});

test('ranges without a length that are cut behind their last byte are whole', async (t) => {
  const { upstream, holdfast, layer, path, ranges } = await start(t);
  upstream.fault({ path: BLOBS, chunked: true, cutAfter: 3 * MIB, times: 3 });
  assertSameBytes((await ask(holdfast, path)).body, layer);
  await untilHeld(holdfast, path);
  assert.equal(ranges().length, Math.ceil(SIZE / (3 * MIB)));
});

test('an upstream that ignores ranges is asked for the whole', async (t) => {
  const { upstream, holdfast, layer, path, ranges } = await start(t);
  upstream.fault({ path: BLOBS, ignoreRange: true });
  assertSameBytes((await ask(holdfast, path)).body, layer);
  await untilHeld(holdfast, path);
  assert.deepEqual(ranges().slice(1), ['whole']);
});

test('wrong bytes in one range cut the client and are not kept', async (t) => {
  const { upstream, holdfast, layer, path, url } = await start(t);
  upstream.fault({ path: BLOBS, corrupt: true, times: 1 });
  const client = await RawClient.get(url).end();
  assert.ok(client.closed);
  assert.ok(client.bodyLength < SIZE);
  assert.deepEqual(await storedFiles(holdfast), []);
  assertSameBytes((await ask(holdfast, path)).body, layer);
});

test('small blobs, and all where it is not configured, come by one request', async (t) => {
  for (const [connections, size] of [
    [4, 5 * MIB],
    [1, SIZE],
  ] as const) {
    const { holdfast, layer, path, ranges } = await start(t, connections, size);
    assertSameBytes((await ask(holdfast, path)).body, layer);
    assert.deepEqual(ranges(), ['whole']);
  }
});

test('an upstream that refuses is told at once', async (t) => {
  const { upstream, holdfast, path } = await start(t);
  upstream.fault({ path: BLOBS, status: 404 });
  const { status, code } = await ask(holdfast, path);
  assert.deepEqual([status, code], [404, 'BLOB_UNKNOWN']);
});
