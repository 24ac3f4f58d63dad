import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { ask, reply, startMirror, untilHeld } from '../helpers/mirror.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const SIZE = 400_000;
const BLOBS = /\/blobs\//;
const MISS = 'holdfast; fwd=uri-miss';
const COLLAPSED = 'holdfast; fwd=uri-miss; collapsed';

async function start(t: TestContext) {
  const mirror = await startMirror(t, { config: { prefetch: 'off' } });
  const image = mirror.upstream.addImage('library/app', '1', { layers: [SIZE] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const path = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  return { ...mirror, image, layer, path };
}

test('fifty cold clients are one GET upstream, and all get the same bytes', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  const gate = upstream.hold(BLOBS, 100_000);
  // Their headers are out although the body is held: all fifty are in before it goes on.
  const responses = await Promise.all(Array.from({ length: 50 }, () => holdfast.fetch(path)));
  gate.release();
  const replies = await Promise.all(responses.map(reply));
  assert.ok(replies.every(({ status, body }) => status === 200 && body.equals(layer)));
  assert.equal(replies.filter(({ cache }) => cache === MISS).length, 1);
  assert.equal(replies.filter(({ cache }) => cache === COLLAPSED).length, 49);
  assert.deepEqual([upstream.count('GET', BLOBS), upstream.count('HEAD')], [1, 0]);

  await untilHeld(holdfast, path);
  upstream.clear();
  const warm = await ask(holdfast, path);
  assert.equal(warm.cache, 'holdfast; hit');
  assertSameBytes(warm.body, layer);
  assert.deepEqual(upstream.requests, []);
});

test('a client that comes in the middle of a fill gets the bytes from the first one at once', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  const gate = upstream.hold(BLOBS, 200_000);
  const early = await RawClient.get(holdfast.url + path).bytes(150_000);
  const late = await RawClient.get(holdfast.url + path).bytes(150_000);
  assert.equal(late.status, 200);
  assert.equal(late.header('content-length'), String(SIZE));
  assert.equal(late.header('cache-status'), COLLAPSED);
  assert.deepEqual(late.body.subarray(0, 150_000), layer.subarray(0, 150_000));
  gate.release();
  assertSameBytes((await early.end()).body, layer);
  assertSameBytes((await late.end()).body, layer);
  assert.equal(upstream.count('GET', BLOBS), 1);
});

test('headers are out as soon as those of upstream are in', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  const gate = upstream.hold(BLOBS, 0);
  const client = await RawClient.get(holdfast.url + path).headers();
  assert.equal(client.status, 200);
  assert.equal(client.header('content-length'), String(SIZE));
  assert.equal(client.bodyLength, 0);
  gate.release();
  assertSameBytes((await client.end()).body, layer);
});

test('one after the other costs one GET too', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  for (let pulls = 0; pulls < 10; pulls++) {
    assertSameBytes((await ask(holdfast, path)).body, layer);
  }
  assert.equal(upstream.count('GET', BLOBS), 1);
});

test('a HEAD of a blob that is not held is a HEAD upstream and no GET', async (t) => {
  const { upstream, holdfast, image, path } = await start(t);
  for (let asked = 1; asked <= 2; asked++) {
    const head = await ask(holdfast, path, { method: 'HEAD', headers: { range: 'bytes=0-9' } });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('content-length'), String(SIZE));
    assert.equal(head.headers.get('docker-content-digest'), image.layerDigests[0]);
    assert.equal(head.headers.get('content-type'), 'application/octet-stream');
    assert.equal(head.headers.get('accept-ranges'), 'bytes');
    assert.equal(head.cache, MISS);
    assert.deepEqual([upstream.count('HEAD', BLOBS), upstream.count('GET', BLOBS)], [asked, 0]);
  }
});

test('a HEAD in the middle of a fill is answered by it', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  const gate = upstream.hold(BLOBS, 1000);
  const body = ask(holdfast, path);
  await gate.reached;
  const head = await ask(holdfast, path, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), String(SIZE));
  assert.equal(head.cache, COLLAPSED);
  assert.equal(upstream.count('HEAD'), 0);
  gate.release();
  assertSameBytes((await body).body, layer);
});

for (const bytes of [Buffer.alloc(0), Buffer.from('{}')]) {
  test(`a blob of ${bytes.length} bytes is filled and served like any other`, async (t) => {
    const { upstream, holdfast } = await start(t);
    const path = `/v2/library/app/blobs/${upstream.addBlob(bytes)}`;
    for (let pulls = 0; pulls < 3; pulls++) {
      const { status, body, headers } = await ask(holdfast, path);
      assert.equal(status, 200);
      assert.deepEqual(body, bytes);
      assert.equal(headers.get('content-length'), String(bytes.length));
    }
    await untilHeld(holdfast, path);
    assert.equal(upstream.count('GET', BLOBS), 1);
  });
}

test('a sha512 blob is filled and verified as such', async (t) => {
  const { upstream, holdfast, layer } = await start(t);
  const digest = `sha512:${createHash('sha512').update(layer).digest('hex')}`;
  // The fake knows sha256 only: it is redirected to the same bytes by its other name.
  upstream.fault({
    path: /sha512/,
    status: 307,
    headers: { location: `/v2/library/app/blobs/${upstream.addBlob(layer)}` },
  });
  const path = `/v2/library/app/blobs/${digest}`;
  const cold = await ask(holdfast, path);
  assertSameBytes(cold.body, layer);
  assert.equal(cold.headers.get('docker-content-digest'), digest);
  await untilHeld(holdfast, path);
});

test('a blob that upstream sends without a length is served whole, with the length that a manifest tells', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  upstream.fault({ path: BLOBS, chunked: true });
  const unknown = await ask(holdfast, path);
  assertSameBytes(unknown.body, layer);
  const other = upstream.addImage('library/app', '2', { layers: [SIZE + 1] });
  await ask(holdfast, '/v2/library/app/manifests/2');
  const known = await ask(holdfast, `/v2/library/app/blobs/${other.layerDigests[0]}`);
  assert.equal(known.headers.get('content-length'), String(SIZE + 1));
  assertSameBytes(known.body, other.layers[0]);
});

test('a blob is never compressed on its way, cold or warm, whatever the client would take', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const text = Buffer.from('the same words again and again. '.repeat(10_000));
  const path = `/v2/library/app/blobs/${upstream.addBlob(text)}`;
  const headers = { 'accept-encoding': 'zstd;q=1.0, gzip;q=0.8, deflate;q=0.5' };
  for (let pulls = 0; pulls < 2; pulls++) {
    const answer = await ask(holdfast, path, { headers });
    assert.equal(answer.headers.get('content-encoding'), null);
    assert.equal(answer.headers.get('content-length'), String(text.length));
    assertSameBytes(answer.body, text);
    await untilHeld(holdfast, path);
  }
});
