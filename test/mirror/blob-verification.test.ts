import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Fault } from '../helpers/fake-upstream-fault.ts';
import { ask, startMirror, storedFiles, untilHeld } from '../helpers/mirror.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const SIZE = 400_000;
const WITHHELD = 32 * 1024;
const BLOBS = /\/blobs\//;

async function start(t: TestContext, size = SIZE) {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [size] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const path = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  return { upstream, holdfast, image, layer, path, url: holdfast.url + path };
}

test('wrong bytes of the right length: every client is cut short, nothing is kept, the next one refetches', async (t) => {
  const { upstream, holdfast, layer, path, url } = await start(t);
  const fault = upstream.fault({ path: BLOBS, corrupt: true });
  const gate = upstream.hold(BLOBS, 100_000);
  const clients = await Promise.all([
    ...Array.from({ length: 8 }, () => RawClient.get(url).bytes(50_000)),
    RawClient.get(url, { Range: 'bytes=200000-' }).headers(),
    RawClient.get(url, { Range: `bytes=-1` }).headers(),
  ]);
  gate.release();
  for (const client of clients) {
    await client.end();
    assert.ok(client.closed);
    assert.ok(client.bodyLength < Number(client.header('content-length')));
  }
  for (const client of clients.slice(0, 8)) assert.ok(client.bodyLength <= SIZE - WITHHELD);
  assert.equal(clients.at(-1)?.bodyLength, 0);
  assert.equal(upstream.count('GET', BLOBS), 1);
  assert.deepEqual(await storedFiles(holdfast), []);

  fault();
  const good = await ask(holdfast, path);
  assert.equal(good.cache, 'holdfast; fwd=uri-miss');
  assertSameBytes(good.body, layer);
  assert.equal(upstream.count('GET', BLOBS), 2);
});

for (const size of [1, 1000, WITHHELD, WITHHELD + 1]) {
  test(`of a wrong blob of ${size} bytes no more than what is not withheld is delivered`, async (t) => {
    const { upstream, holdfast, url, path, layer } = await start(t, size);
    const fault = upstream.fault({ path: BLOBS, corrupt: true });
    const client = await RawClient.get(url).end();
    assert.ok(client.closed);
    assert.ok(client.bodyLength <= Math.max(0, size - WITHHELD));
    assert.deepEqual(await storedFiles(holdfast), []);
    fault();
    assertSameBytes((await ask(holdfast, path)).body, layer);
  });
}

/** Faults of a blob whose size a manifest has told. */
const CONTRADICTIONS: Readonly<Record<string, Fault>> = {
  'longer than its manifest says': { extend: 1 },
  'longer than its manifest says, without a length': { extend: 1, chunked: true },
  'compressed, and labelled so': { gzip: true },
  'compressed, and not labelled so': { gzip: true, headers: { 'content-encoding': undefined } },
  'a web page instead': { status: 200, body: '<html>Sign in</html>' },
};

for (const [what, fault] of Object.entries(CONTRADICTIONS)) {
  for (const told of [true, false]) {
    const which = told ? 'of an image that is known' : 'that no manifest tells of';
    test(`a blob ${which}, ${what}, is never delivered in whole nor kept`, async (t) => {
      const { upstream, holdfast, url, path, layer } = await start(t);
      if (told) await ask(holdfast, '/v2/library/app/manifests/1');
      upstream.fault({ path: BLOBS, ...fault });
      const client = await RawClient.get(url).end();
      if (client.status === 200) {
        assert.ok(client.closed);
        const length = client.header('content-length');
        // Without a length the end of a chunked body is what tells that it is whole.
        if (length === undefined) assert.ok(!client.body.toString('latin1').endsWith('0\r\n\r\n'));
        else assert.ok(client.bodyLength < Number(length));
      } else {
        assert.equal(client.status, 502);
      }
      assert.deepEqual(await storedFiles(holdfast), []);
      upstream.clearFaults();
      assertSameBytes((await ask(holdfast, path)).body, layer);
    });
  }
}

test('what contradicts the manifest in its headers is refused before a byte of it is sent', async (t) => {
  const { upstream, holdfast, path } = await start(t);
  await ask(holdfast, '/v2/library/app/manifests/1');
  for (const fault of [{ extend: 1 }, { gzip: true }, { status: 200, body: 'short' }]) {
    const clear = upstream.fault({ path: BLOBS, ...fault });
    const { status, code, cache } = await ask(holdfast, path);
    assert.deepEqual([status, code, cache], [502, 'UNKNOWN', null]);
    clear();
  }
});

test('a body that ends too early is taken up again, so that the client gets all of it', async (t) => {
  const { upstream, holdfast, path, layer } = await start(t);
  upstream.fault({ path: BLOBS, truncateAfter: 150_000, times: 1 });
  const { status, body } = await ask(holdfast, path);
  assert.equal(status, 200);
  assertSameBytes(body, layer);
  await untilHeld(holdfast, path);
});

test('a blob without a length that ends too early is never taken for the whole', async (t) => {
  const { upstream, holdfast, url, path, layer } = await start(t);
  upstream.fault({ path: BLOBS, chunked: true, truncateAfter: 150_000, times: 1 });
  const client = await RawClient.get(url).end();
  assert.ok(client.closed);
  assert.ok(!client.body.toString('latin1').endsWith('0\r\n\r\n'));
  assert.deepEqual(await storedFiles(holdfast), []);
  assertSameBytes((await ask(holdfast, path)).body, layer);
});

test('a wrong blob leaves those that are held as they are', async (t) => {
  const { upstream, holdfast, path, layer, image } = await start(t);
  await ask(holdfast, path);
  await untilHeld(holdfast, path);
  upstream.fault({ path: BLOBS, corrupt: true });
  const config = `/v2/library/app/blobs/${image.configDigest}`;
  await assert.rejects(ask(holdfast, config));
  const { cache, body } = await ask(holdfast, path);
  assert.equal(cache, 'holdfast; hit');
  assertSameBytes(body, layer);
});
