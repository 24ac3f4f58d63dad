import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, startMirror, storedFiles } from '../helpers/mirror.ts';

const BLOBS = /\/blobs\//;

test('blobs that upstream does not have are tried ahead once, however many of the image are asked for', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const image = upstream.addImage('library/app', '1', { layers: [40_000, 50_000, 60_000] });
  const paths = image.layerDigests.map((digest) => `/v2/library/app/blobs/${digest}`);
  for (const path of paths) upstream.fault({ path: new RegExp(path), status: 404 });
  await ask(holdfast, '/v2/library/app/manifests/1');
  for (let round = 0; round < 5; round++) {
    for (const path of paths) await ask(holdfast, path);
    await storedFiles(holdfast);
    holdfast.clock.advance(60_000);
  }
  // Each client asks for itself; ahead, each of the four blobs is tried once.
  const clients = 5 * 3;
  assert.ok(upstream.count('GET', BLOBS) <= clients + 4, `${upstream.count('GET', BLOBS)} GETs`);
});
