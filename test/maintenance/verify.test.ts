import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { blobPath, damagedPath } from '../../src/store/disk/blob-path.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import {
  ask,
  startHoldfast,
  startMirror,
  storedFiles,
  temporaryDirectory,
} from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';
import { pushBlob, pushSample } from '../spec/pushing.ts';

const FAST = { bytesPerSecond: 1_000_000_000 };

/** Turns one bit of a stored blob, as a disk does that nobody has told. */
async function flip(holdfast: Holdfast, digest: Digest): Promise<void> {
  const file = blobPath(holdfast.dir, digest);
  const bytes = await readFile(file);
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

test('what is whole is left as it is', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const image = upstream.addImage('library/app', '1', { layers: [70_000] });
  await pullImage(holdfast.url, 'library/app', '1');
  const pushed = await pushSample(holdfast, 'team/app', '1');
  const before = await storedFiles(holdfast);
  const { bytes, ...verified } = await holdfast.upkeep.verify(FAST);
  assert.deepEqual(verified, { blobs: 4, manifests: 2, damaged: [], unreadable: [], lost: [] });
  const held = [image.config, image.manifest, pushed.config, pushed.layer, pushed.manifest];
  assert.equal(
    bytes,
    held.reduce((sum, one) => sum + one.length, 70_000),
  );
  assert.deepEqual(await storedFiles(holdfast), before);
});

test('a small hosted blob with a flipped bit is found out when it is read, and kept aside', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const image = await pushSample(holdfast, 'team/app', '1');
  const layer = digestOf(image.layer);
  const path = `/v2/team/app/blobs/${layer}`;
  await flip(holdfast, layer);
  for (let time = 0; time < 3; time += 1) assert.equal((await ask(holdfast, path)).status, 500);
  assert.deepEqual((await holdfast.upkeep.verify(FAST)).lost, [layer]);
  await pushBlob(holdfast, 'team/app', image.layer);
  assert.ok((await ask(holdfast, path)).body.equals(image.layer));
});

test('a small blob with a flipped bit is found out when it is read, and never given to anybody', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [70_000] });
  const [layer = '' as Digest] = image.layerDigests;
  const path = `/v2/library/app/blobs/${layer}`;
  await pullImage(holdfast.url, 'library/app', '1');
  await storedFiles(holdfast);
  await flip(holdfast, layer);
  upstream.clear();
  for (let time = 0; time < 3; time += 1) {
    assertSameBytes((await ask(holdfast, path)).body, image.layers[0]);
  }
  assert.equal(upstream.count('GET', /\/blobs\//), 1);
  await storedFiles(holdfast);
  assert.deepEqual((await holdfast.upkeep.verify(FAST)).damaged, []);
});

test('a flipped bit in a mirrored blob costs one fetch', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [70_000] });
  const [layer = '' as Digest] = image.layerDigests;
  await pullImage(holdfast.url, 'library/app', '1');
  await storedFiles(holdfast);
  await flip(holdfast, layer);
  const { damaged, lost } = await holdfast.upkeep.verify(FAST);
  assert.deepEqual([damaged, lost], [[layer], []]);
  upstream.clear();
  await Promise.all([1, 2, 3].map(() => pullImage(holdfast.url, 'library/app', '1')));
  assert.equal(upstream.count('GET', /\/blobs\//), 1);
  await storedFiles(holdfast);
  assert.deepEqual((await holdfast.upkeep.verify(FAST)).damaged, []);
});

test('a damaged hosted blob is kept aside, never served, and told of until it is pushed again', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const image = await pushSample(holdfast, 'team/app', '1');
  const layer = digestOf(image.layer);
  const path = `/v2/team/app/blobs/${layer}`;
  await flip(holdfast, layer);
  const first = await holdfast.upkeep.verify(FAST);
  assert.deepEqual([first.damaged, first.lost], [[layer], [layer]]);
  const kept = await readFile(damagedPath(holdfast.dir, layer));
  assert.equal(kept.length, image.layer.length);

  const get = await ask(holdfast, path);
  assert.deepEqual([get.status, get.code], [500, 'UNKNOWN']);
  // Unknown to a client that wants to push: it will.
  assert.equal((await ask(holdfast, path, { method: 'HEAD' })).status, 404);
  await holdfast.upkeep.collectGarbage();
  const second = await holdfast.upkeep.verify(FAST);
  assert.deepEqual([second.damaged, second.lost], [[], [layer]]);

  await pushBlob(holdfast, 'team/app', image.layer);
  assert.ok((await ask(holdfast, path)).body.equals(image.layer));
  assert.deepEqual((await holdfast.upkeep.verify(FAST)).lost, []);
});

test('a hosted blob whose file is gone is told of, and a push brings it back', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const image = await pushSample(holdfast, 'team/app', '1');
  const layer = digestOf(image.layer);
  await rm(blobPath(holdfast.dir, layer));
  assert.equal((await ask(holdfast, `/v2/team/app/blobs/${layer}`)).status, 500);
  assert.deepEqual((await holdfast.upkeep.verify(FAST)).lost, [layer]);
  await pushBlob(holdfast, 'team/app', image.layer);
  await pullImage(holdfast.url, 'team/app', '1');
});

test('a pull through the mirror brings back a hosted blob too', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const image = await pushSample(holdfast, 'team/app', '1');
  upstream.addBlob(image.layer, 'library/other');
  const layer = digestOf(image.layer);
  await flip(holdfast, layer);
  await holdfast.upkeep.verify(FAST);
  assert.equal((await ask(holdfast, `/v2/library/other/blobs/${layer}`)).status, 200);
  await storedFiles(holdfast);
  await pullImage(holdfast.url, 'team/app', '1');
});

test('a damaged manifest is fetched again where it is mirrored, and never served where it is hosted', async (t) => {
  const dir = await temporaryDirectory(t);
  const { upstream, holdfast } = await startMirror(t, { dir });
  const image = upstream.addImage('library/app', '1');
  const pushed = await pushSample(holdfast, 'team/app', '1');
  await pullImage(holdfast.url, 'library/app', '1');
  await holdfast.close();
  const database = new Database(join(dir, 'holdfast.db'));
  database.exec(
    "UPDATE manifests SET content = CAST(replace(CAST(content AS TEXT), '2', '3') AS BLOB)",
  );
  database.close();

  const second = await startHoldfast(t, { upstreams: { 'docker.io': upstream.url }, dir });
  assert.equal((await ask(second, '/v2/team/app/manifests/1')).status, 500);
  const { damaged, lost } = await second.upkeep.verify(FAST);
  assert.deepEqual(damaged.toSorted(), [pushed.digest, image.manifestDigest].toSorted());
  assert.deepEqual(lost, [pushed.digest]);
  assert.equal((await ask(second, '/v2/team/app/manifests/1')).status, 500);
  assert.equal((await pullImage(second.url, 'library/app', '1')).digest, image.manifestDigest);
});
