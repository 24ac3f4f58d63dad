import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MediaType } from '../../src/oci/media-types.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { ask, reply, startMirror } from '../helpers/mirror.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const BLOBS = /\/blobs\//;
const SIZE = 300_000;

/** An image of many layers behind an upstream that takes four requests at a time. */
async function start(t: TestContext) {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { maxConnections: 4, timeouts: { headers: '1s' } },
    config: { prefetch: 'off' },
  });
  const image = upstream.addImage('library/app', '1', {
    layers: Array.from({ length: 12 }, (_, index) => SIZE + index),
  });
  const paths = image.layerDigests.map((digest) => `/v2/library/app/blobs/${digest}`);
  return { upstream, holdfast, image, paths };
}

test('upstream never sees more requests at a time than maxConnections, and everything arrives', async (t) => {
  const { upstream, holdfast, image, paths } = await start(t);
  const replies = await Promise.all(paths.map((path) => ask(holdfast, path)));
  for (const [index, { body }] of replies.entries()) {
    assertSameBytes(body, image.layers[index]);
  }
  assert.ok(upstream.peak <= 4, `${upstream.peak} at a time`);
});

test('a tag is answered although downloads are waiting for a connection', async (t) => {
  const { upstream, holdfast, image, paths } = await start(t);
  const gate = upstream.hold(BLOBS, 1000);
  const downloads = paths.map((path) => RawClient.get(holdfast.url + path));
  await gate.reached;
  assert.deepEqual((await ask(holdfast, '/v2/library/app/manifests/1')).body, image.manifest);
  gate.release();
  for (const [index, download] of downloads.entries()) {
    assertSameBytes((await download.end()).body, image.layers[index]);
  }
});

test('waiting for a connection does not count as a failure of upstream', async (t) => {
  const { upstream, holdfast, image, paths } = await start(t);
  upstream.fault({ path: BLOBS, latency: 300 });
  const replies = await Promise.all(paths.map(async (path) => reply(await holdfast.fetch(path))));
  for (const [index, { status, body }] of replies.entries()) {
    assert.equal(status, 200);
    assertSameBytes(body, image.layers[index]);
  }
});

test('a blob of another size than its manifest tells keeps no connection', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { maxConnections: 1, timeouts: { headers: '1s' } },
    config: { prefetch: 'off' },
  });
  const [liar, other] = [10_000_000, 1000].map((size) =>
    upstream.addBlob(madeUpBytes(`${size}`, size), 'library/app'),
  );
  const mediaType = MediaType.ociManifest;
  const manifest = {
    schemaVersion: 2,
    config: { mediaType, digest: other, size: 1000 },
    layers: [{ mediaType, digest: liar, size: 5 }],
  };
  upstream.addManifest('library/app', '1', manifest, mediaType);
  await ask(holdfast, '/v2/library/app/manifests/1');
  assert.equal((await ask(holdfast, `/v2/library/app/blobs/${liar}`)).status, 502);
  assert.equal((await ask(holdfast, `/v2/library/app/blobs/${other}`)).status, 200);
});

test('a blob that there is no file for keeps no connection', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { maxConnections: 1, timeouts: { headers: '1s' } },
    config: { prefetch: 'off' },
  });
  const digest = upstream.addBlob(madeUpBytes('some', 10_000_000), 'library/app');
  const path = `/v2/library/app/blobs/${digest}`;
  const [directory, away] = ['unfinished', 'away'].map((name) => join(holdfast.dir, name));
  await rename(directory ?? '', away ?? '');
  for (let time = 0; time < 3; time += 1) assert.equal((await ask(holdfast, path)).status, 500);
  await rename(away ?? '', directory ?? '');
  assert.equal((await ask(holdfast, path)).status, 200);
});
