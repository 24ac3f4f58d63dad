import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FakeUpstream, FakeUpstreamOptions } from '../helpers/fake-upstream.ts';
import { ask, startMirror, storedFiles, untilHeld } from '../helpers/mirror.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const SIZE = 1_000_000;
const CUT = 200_000;
/** How much of what was on its way may be fetched twice for each drop. */
const REFETCH = 256 * 1024;
const BLOBS = /\/blobs\//;
const TIMEOUTS = { connect: '1s', headers: '2s', idle: '300ms' };

async function start(t: TestContext, fake: FakeUpstreamOptions = {}) {
  const { upstream, holdfast } = await startMirror(t, {
    fake,
    upstream: { timeouts: TIMEOUTS },
    config: { prefetch: 'off' },
  });
  const image = upstream.addImage('library/app', '1', { layers: [SIZE] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const path = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  return { upstream, holdfast, layer, path, url: holdfast.url + path };
}

/** Where each GET of a body began, oldest first. */
function starts(upstream: FakeUpstream, bodies = BLOBS): readonly number[] {
  return upstream.requests
    .filter(({ method, url }) => method === 'GET' && bodies.test(url))
    .map(({ headers }) => Number(/^bytes=(\d+)-$/.exec(headers.range ?? 'bytes=0-')?.[1]));
}

for (const drops of [1, 3]) {
  test(`a body that upstream drops ${drops} times is one whole body to the client`, async (t) => {
    const { upstream, holdfast, layer, path } = await start(t);
    upstream.fault({ path: BLOBS, cutAfter: CUT, times: drops });
    const { status, body, headers } = await ask(holdfast, path);
    assert.equal(status, 200);
    assert.equal(headers.get('content-length'), String(SIZE));
    assertSameBytes(body, layer);
    const from = starts(upstream);
    assert.equal(from.length, drops + 1);
    assert.equal(from[0], 0);
    for (const [index, offset] of from.slice(1).entries()) {
      const before = from[index] ?? 0;
      assert.ok(offset > before && offset <= before + CUT, `from ${before}, then from ${offset}`);
    }
    const sent = from.map((offset, index) => (index < drops ? CUT : SIZE - offset));
    const total = sent.reduce((sum, bytes) => sum + bytes, 0);
    assert.ok(total <= SIZE + drops * REFETCH, `${total} bytes fetched`);
    await untilHeld(holdfast, path);
  });
}

test('everybody who follows is spared a drop, ranges included', async (t) => {
  const { upstream, layer, url } = await start(t);
  upstream.fault({ path: BLOBS, cutAfter: CUT, times: 2 });
  const gate = upstream.hold(BLOBS, CUT, 1);
  const whole = await Promise.all(
    Array.from({ length: 10 }, () => RawClient.get(url).bytes(CUT / 2)),
  );
  const part = RawClient.get(url, { Range: 'bytes=350000-899999' });
  await part.headers();
  gate.release();
  for (const client of whole) assertSameBytes((await client.end()).body, layer);
  assertSameBytes((await part.end()).body, layer.subarray(350_000, 900_000));
  assert.equal(starts(upstream).length, 3);
});

test('an upstream that ignores Range is read again from its beginning, and no byte comes twice', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  upstream.fault({ path: BLOBS, ignoreRange: true });
  upstream.fault({ path: BLOBS, cutAfter: CUT, times: 1 });
  assertSameBytes((await ask(holdfast, path)).body, layer);
  assert.equal(upstream.count('GET', BLOBS), 2);
  await untilHeld(holdfast, path);
});

test('an upstream that answers another range than asked is not believed', async (t) => {
  const { upstream, holdfast, layer, path, url } = await start(t);
  upstream.fault({ path: BLOBS, shiftRange: 1 });
  upstream.fault({ path: BLOBS, cutAfter: CUT, times: 1 });
  const client = await RawClient.get(url).end();
  assert.ok(client.closed);
  assert.ok(client.bodyLength <= CUT);
  upstream.clearFaults();
  assertSameBytes((await ask(holdfast, path)).body, layer);
});

test('a body that stalls is given up after the idle limit and taken up again', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  upstream.fault({ path: BLOBS, stallAfter: CUT, times: 2 });
  assertSameBytes((await ask(holdfast, path)).body, layer);
  const [, second = 0, third = 0] = starts(upstream);
  assert.deepEqual([second, third], [CUT, 2 * CUT]);
});

test('a body without a length that is dropped is taken up again too', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  upstream.fault({ path: BLOBS, chunked: true, cutAfter: CUT, times: 1 });
  assertSameBytes((await ask(holdfast, path)).body, layer);
  assert.ok((starts(upstream)[1] ?? 0) > 0);
  await untilHeld(holdfast, path);
});

for (const [how, end] of [
  ['cut', 'cutAfter'],
  ['left open', 'stallAfter'],
] as const) {
  test(`a body without a length that is ${how} behind its last byte is whole`, async (t) => {
    const { upstream, holdfast, layer, path } = await start(t);
    // The manifest tells the size.
    await ask(holdfast, '/v2/library/app/manifests/1');
    upstream.fault({ path: BLOBS, chunked: true, [end]: SIZE, times: 1 });
    assertSameBytes((await ask(holdfast, path)).body, layer);
    await untilHeld(holdfast, path);
    assert.equal(upstream.count('GET', BLOBS), 1);
  });
}

test('an upstream that is away for a moment in the middle of a body is waited for', async (t) => {
  const { upstream, layer, url } = await start(t);
  const gate = upstream.hold(BLOBS, CUT, 1);
  const client = await RawClient.get(url).bytes(CUT / 2);
  upstream.fault({ path: BLOBS, status: 503, times: 2 });
  const away = upstream.stop();
  gate.release();
  await away;
  await upstream.restart();
  assertSameBytes((await client.end()).body, layer);
});

test('a token that is refused in between is replaced', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t, { auth: { scheme: 'bearer' } });
  upstream.fault({ path: BLOBS, cutAfter: CUT });
  // The first answer is a 401, the second one is the body.
  const gate = upstream.hold(BLOBS, CUT / 2, 2);
  upstream.clear();
  const asking = holdfast.fetch(path);
  await gate.reached;
  const tokens = upstream.tokenRequests;
  upstream.revokeTokens();
  gate.release();
  const body = Buffer.from(await (await asking).arrayBuffer());
  assertSameBytes(body, layer);
  assert.equal(upstream.tokenRequests, tokens + 1);
});

test('a signed URL that has expired in between is asked for again at the registry', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t, { redirectBlobs: true });
  const signed = /^\/signed\//;
  upstream.fault({ path: signed, cutAfter: CUT, times: 1 });
  const gate = upstream.hold(signed, CUT / 2, 1);
  const asking = holdfast.fetch(path);
  await gate.reached;
  upstream.expireSignedUrls();
  gate.release();
  assertSameBytes(Buffer.from(await (await asking).arrayBuffer()), layer);
  assert.equal(upstream.count('GET', BLOBS), 2);
  const [, second = 0, ...more] = starts(upstream, signed);
  assert.ok(second > 0 && second <= CUT);
  assert.deepEqual(more, []);
});

test('bytes of a fill that failed for good are kept, and the next client starts from them', async (t) => {
  const { upstream, holdfast, layer, path, url } = await start(t);
  upstream.fault({ path: BLOBS, cutAfter: CUT, times: 1 });
  const gate = upstream.hold(BLOBS, CUT, 1);
  const client = await RawClient.get(url).bytes(CUT / 2);
  upstream.fault({ path: BLOBS, status: 403 });
  gate.release();
  assert.ok((await client.end()).bodyLength < SIZE);
  assert.equal((await storedFiles(holdfast)).length, 1);
  upstream.clearFaults();
  upstream.clear();
  assertSameBytes((await ask(holdfast, path)).body, layer);
  const [offset = 0, ...more] = starts(upstream);
  assert.ok(offset > 0 && offset <= CUT);
  assert.deepEqual(more, []);
});
