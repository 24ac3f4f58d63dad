import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Fault } from '../helpers/fake-upstream-fault.ts';
import { Gate } from '../helpers/gate.ts';
import { countArrivals } from '../helpers/arrivals.ts';
import { ask, startMirror, storedFiles } from '../helpers/mirror.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const SIZE = 400_000;
const BLOBS = /\/blobs\//;
/** For an upstream that never answers; long enough for the pull after it. */
const IMPATIENT = { timeouts: { connect: '1s', headers: '1s', idle: '1s' } };

async function start(t: TestContext, settings: object = {}) {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: settings,
    config: { prefetch: 'off' },
  });
  const image = upstream.addImage('library/app', '1', { layers: [SIZE] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const path = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  return { upstream, holdfast, layer, path };
}

/** [what upstream does, fault, status and code for everybody, most GETs that it may cost] */
const FAILURES: readonly (readonly [string, Fault, number, string, number])[] = [
  ['answers 404', { status: 404 }, 404, 'BLOB_UNKNOWN', 1],
  ['answers 403', { status: 403 }, 404, 'BLOB_UNKNOWN', 1],
  ['answers 500', { status: 500 }, 502, 'UNKNOWN', 2],
  ['answers 429', { status: 429 }, 429, 'TOOMANYREQUESTS', 1],
  ['never answers', { hang: true }, 504, 'UNKNOWN', 1],
  ['redirects to nowhere', { status: 302 }, 502, 'UNKNOWN', 1],
];

for (const [what, fault, status, code, most] of FAILURES) {
  test(`an upstream that ${what} gives the same answer to all who wait for a blob`, async (t) => {
    const hangs = fault.hang === true;
    const { upstream, holdfast, layer, path } = await start(t, hangs ? IMPATIENT : {});
    holdfast.clock.stop();
    const gate = new Gate();
    // A hanging upstream holds everybody by itself.
    const remove = upstream.fault(hangs ? fault : { ...fault, holdHeaders: gate });
    const arrivals = countArrivals(t, holdfast);
    const asking = Array.from({ length: 20 }, () => ask(holdfast, path));
    await arrivals.until(20);
    gate.release();
    for (const reply of await Promise.all(asking)) {
      assert.deepEqual([reply.status, reply.code], [status, code]);
      assert.equal(reply.headers.get('content-type'), 'application/json');
      assert.equal(reply.headers.get('www-authenticate'), null);
    }
    const asked = upstream.count('GET', BLOBS);
    assert.ok(asked >= 1 && asked <= most, `${asked} GETs`);
    assert.deepEqual(await storedFiles(holdfast), []);

    remove();
    // Behind the negative cache and the breaker.
    holdfast.clock.advance(60_000);
    assertSameBytes((await ask(holdfast, path)).body, layer);
  });
}

test('a failure is not remembered: who asks next asks upstream', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t);
  upstream.fault({ status: 500, times: 2 });
  assert.equal((await ask(holdfast, path)).status, 502);
  assertSameBytes((await ask(holdfast, path)).body, layer);
});

test('a body that ends for good in the middle cuts every client, early and late', async (t) => {
  const { upstream, holdfast, path, layer } = await start(t);
  const gate = upstream.hold(BLOBS, 200_000, 1);
  upstream.fault({ path: BLOBS, cutAfter: 200_000, times: 1 });
  const url = holdfast.url + path;
  const early = await RawClient.get(url).bytes(100_000);
  const late = await RawClient.get(url).bytes(100_000);
  upstream.fault({ path: BLOBS, status: 404 });
  gate.release();
  for (const client of [early, late]) {
    await client.end();
    assert.ok(client.closed);
    assert.ok(client.bodyLength < SIZE);
    assertSameBytes(layer.subarray(0, client.bodyLength), client.body);
  }
});

test('a client that is cut and asks again at once gets a new fill', async (t) => {
  const { upstream, holdfast, path, layer } = await start(t);
  upstream.fault({ path: BLOBS, corrupt: true, times: 1 });
  const client = await RawClient.get(holdfast.url + path).end();
  assert.ok(client.closed);
  assertSameBytes((await ask(holdfast, path)).body, layer);
});
