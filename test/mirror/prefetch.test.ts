import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import type { FakeImage } from '../helpers/fake-upstream-content.ts';
import { ask, startMirror, storedFiles, untilHeld } from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const BLOBS = /\/blobs\//;
const MANIFEST = '/v2/library/app/manifests/1';

async function start(t: TestContext, config: object = {}) {
  const mirror = await startMirror(t, { config });
  const image = mirror.upstream.addImage('library/app', '1', { layers: [40_000, 50_000, 60_000] });
  return { ...mirror, image, paths: blobPaths(image) };
}

/** The config, then the layers. */
function blobPaths(image: FakeImage): readonly string[] {
  return [image.configDigest, ...image.layerDigests].map((one) => `/v2/library/app/blobs/${one}`);
}

test('after the manifest and one layer the other blobs come without being asked for, once each', async (t) => {
  const { upstream, holdfast, paths, image } = await start(t);
  await ask(holdfast, MANIFEST);
  await ask(holdfast, paths[1] ?? '');
  await eventually('all blobs were asked for', () => upstream.count('GET', BLOBS) === 4);
  for (const path of paths) await untilHeld(holdfast, path);
  await upstream.stop();
  assert.equal((await pullImage(holdfast.url, 'library/app', '1')).digest, image.manifestDigest);
  assert.equal(upstream.count('GET', BLOBS), 4);
});

test('what is being fetched ahead is joined by the client that asks for it', async (t) => {
  const { upstream, holdfast, paths, image } = await start(t);
  const gate = upstream.hold(BLOBS, 1000);
  await ask(holdfast, MANIFEST);
  const first = await holdfast.fetch(paths[1] ?? '');
  await eventually('all blobs are on their way', () => upstream.count('GET', BLOBS) === 4);
  const second = await holdfast.fetch(paths[2] ?? '');
  assert.equal(second.headers.get('cache-status'), 'holdfast; fwd=uri-miss; collapsed');
  gate.release();
  assertSameBytes(Buffer.from(await first.arrayBuffer()), image.layers[0]);
  assertSameBytes(Buffer.from(await second.arrayBuffer()), image.layers[1]);
  await pullImage(holdfast.url, 'library/app', '1');
  assert.equal(upstream.count('GET', BLOBS), 4);
});

test('with prefetch off only what is asked for is fetched', async (t) => {
  const { upstream, holdfast, paths } = await start(t, { prefetch: 'off' });
  await ask(holdfast, MANIFEST);
  await ask(holdfast, paths[1] ?? '');
  await storedFiles(holdfast);
  assert.equal(upstream.count('GET', BLOBS), 1);
});

test('a config alone does not set it off: clients read those of platforms that they do not want', async (t) => {
  const { upstream, holdfast, paths } = await start(t);
  await ask(holdfast, MANIFEST);
  await ask(holdfast, paths[0] ?? '');
  await storedFiles(holdfast);
  assert.equal(upstream.count('GET', BLOBS), 1);
});

test('a HEAD of a layer sets nothing off', async (t) => {
  const { upstream, holdfast, paths } = await start(t);
  await ask(holdfast, MANIFEST);
  await ask(holdfast, paths[1] ?? '', { method: 'HEAD' });
  assert.equal((await storedFiles(holdfast)).length, 0);
  assert.equal(upstream.count('GET', BLOBS), 0);
});

test('of an index only the image whose layer was asked for is fetched', async (t) => {
  const { upstream, holdfast } = await start(t);
  const amd64 = upstream.addImage('library/app', undefined, { layers: [1111, 2222] });
  const arm64 = upstream.addImage('library/app', undefined, { layers: [3333, 4444] });
  upstream.addIndex('library/app', 'multi', [
    { digest: amd64.manifestDigest },
    { digest: arm64.manifestDigest },
  ]);
  await ask(holdfast, '/v2/library/app/manifests/multi');
  for (const { manifestDigest, configDigest } of [amd64, arm64]) {
    await ask(holdfast, `/v2/library/app/manifests/${manifestDigest}`);
    await ask(holdfast, `/v2/library/app/blobs/${configDigest}`);
  }
  await ask(holdfast, `/v2/library/app/blobs/${amd64.layerDigests[0]}`);
  await untilHeld(holdfast, `/v2/library/app/blobs/${amd64.layerDigests[1]}`);
  await storedFiles(holdfast);
  const fetched = upstream.requests.map(({ url }) => url).join(' ');
  for (const digest of arm64.layerDigests) assert.ok(!fetched.includes(digest));
});

test('a layer of an image that nobody has asked for sets nothing off', async (t) => {
  const { upstream, holdfast, paths } = await start(t);
  await ask(holdfast, MANIFEST, { method: 'HEAD' });
  await ask(holdfast, paths[1] ?? '');
  await storedFiles(holdfast);
  assert.equal(upstream.count('GET', BLOBS), 1);
});

test('a blob that cannot be fetched ahead harms nobody, and is fetched when it is asked for', async (t) => {
  const { upstream, holdfast, paths, image } = await start(t);
  const [, , broken = ''] = paths;
  const gone = upstream.fault({ path: new RegExp(broken), status: 404 });
  await ask(holdfast, MANIFEST);
  assertSameBytes((await ask(holdfast, paths[1] ?? '')).body, image.layers[0]);
  await untilHeld(holdfast, paths[3] ?? '');
  await storedFiles(holdfast);
  gone();
  holdfast.clock.advance(60_000);
  assertSameBytes((await ask(holdfast, broken)).body, image.layers[1]);
});
