import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import { HoldfastChild } from '../helpers/holdfast-child.ts';
import {
  ask,
  startHoldfast,
  startUpstream,
  storedFiles,
  temporaryDirectory,
  untilHeld,
} from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const SIZE = 1_000_000;
const HALF = 500_000;
const BLOBS = /\/blobs\//;

async function start(t: TestContext) {
  const dir = await temporaryDirectory(t);
  const upstream = await startUpstream(t);
  const image = upstream.addImage('library/app', '1', { layers: [SIZE] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const path = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  const options = {
    dir,
    upstreams: { 'docker.io': upstream.url },
    config: { prefetch: 'off' },
  };
  return { dir, upstream, image, layer, path, options };
}

/** The same, with half of the layer on disk and nobody running. */
async function startInterrupted(t: TestContext, { manifest = true } = {}) {
  const all = await start(t);
  const { upstream, path, options, dir } = all;
  const first = await startHoldfast(t, options);
  if (manifest) await ask(first, '/v2/library/app/manifests/1');
  const gate = upstream.hold(BLOBS, HALF, 1);
  const client = await RawClient.get(first.url + path).bytes(HALF / 2);
  await gate.reached;
  await client.bytes(HALF);
  await first.close();
  await client.end();
  assert.ok(client.closed);
  gate.release();
  upstream.clear();
  const [name = ''] = await readdir(join(dir, 'unfinished'));
  const part = join(dir, 'unfinished', name);
  assert.equal((await stat(part)).size, HALF);
  return { ...all, part };
}

test('a fill that a stop of Holdfast interrupted goes on from what is on disk', async (t) => {
  const { upstream, layer, path, options } = await startInterrupted(t);
  const holdfast = await startHoldfast(t, options);
  const { status, body } = await ask(holdfast, path);
  assert.equal(status, 200);
  assertSameBytes(body, layer);
  const ranges = upstream.requests.map(({ headers }) => headers.range);
  assert.deepEqual(ranges, [`bytes=${HALF}-`]);
  await untilHeld(holdfast, path);
  const files = await storedFiles(holdfast);
  assert.deepEqual([files.length, files[0]?.startsWith('blobs/')], [1, true]);
});

test('what was on disk is hashed again: a byte that has changed is found, and never delivered in whole', async (t) => {
  const { layer, path, options, part } = await startInterrupted(t);
  const bytes = await readFile(part);
  bytes[1000] = (bytes[1000] ?? 0) ^ 0xff;
  await writeFile(part, bytes);
  const holdfast = await startHoldfast(t, options);
  const client = await RawClient.get(holdfast.url + path).end();
  assert.ok(client.closed);
  assert.ok(client.bodyLength < SIZE);
  assert.deepEqual(await storedFiles(holdfast), []);
  assertSameBytes((await ask(holdfast, path)).body, layer);
});

test('a body that was whole on disk but not committed needs no upstream', async (t) => {
  const { upstream, layer, path, options, part } = await startInterrupted(t);
  await writeFile(part, layer);
  await upstream.stop();
  const holdfast = await startHoldfast(t, options);
  assertSameBytes((await ask(holdfast, path)).body, layer);
  await untilHeld(holdfast, path);
});

test('a whole body on disk is found to be whole although nobody tells its size', async (t) => {
  const { upstream, layer, path, options, part } = await startInterrupted(t, { manifest: false });
  await writeFile(part, layer);
  const holdfast = await startHoldfast(t, options);
  assertSameBytes((await ask(holdfast, path)).body, layer);
  assert.equal(upstream.count('GET', BLOBS), 0);
});

test('more on disk than the blob has is dropped', async (t) => {
  const { layer, path, options, part } = await startInterrupted(t);
  await writeFile(part, layer);
  await appendFile(part, 'too much');
  const holdfast = await startHoldfast(t, options);
  assertSameBytes((await ask(holdfast, path)).body, layer);
});

test('more on disk than the blob has, whose size nobody tells, is dropped once upstream has said so', async (t) => {
  const { layer, path, options, part } = await startInterrupted(t, { manifest: false });
  await writeFile(part, layer);
  await appendFile(part, 'too much');
  const holdfast = await startHoldfast(t, options);
  assert.equal((await ask(holdfast, path)).status, 502);
  assert.deepEqual(await storedFiles(holdfast), []);
  assertSameBytes((await ask(holdfast, path)).body, layer);
});

test('an empty file of an unfinished fill does no harm', async (t) => {
  const { layer, path, options, part } = await startInterrupted(t);
  await truncate(part, 0);
  const holdfast = await startHoldfast(t, options);
  assertSameBytes((await ask(holdfast, path)).body, layer);
});

test('kill -9 in the middle of a fill: the next Holdfast goes on from what was on disk', async (t) => {
  const { dir, upstream, layer, path, options } = await start(t);
  const child = await HoldfastChild.start(t, options);
  const gate = upstream.hold(BLOBS, HALF, 1);
  const client = await RawClient.get(child.url + path).bytes(HALF);
  await child.kill();
  await client.end();
  assert.ok(client.closed);
  assertSameBytes(client.body, layer.subarray(0, client.bodyLength));
  gate.release();
  upstream.clear();

  const [part = ''] = await readdir(join(dir, 'unfinished'));
  const { size } = await stat(join(dir, 'unfinished', part));
  assert.ok(size >= HALF);
  const holdfast = await startHoldfast(t, options);
  assertSameBytes((await ask(holdfast, path)).body, layer);
  const ranges = upstream.requests.map(({ headers }) => headers.range);
  assert.deepEqual(ranges, [`bytes=${size}-`]);
});

test('kill -9 right after a pull: what was pulled is served with the upstream gone', async (t) => {
  const { upstream, image, options } = await start(t);
  const child = await HoldfastChild.start(t, options);
  const pulled = await pullImage(child.url, 'library/app', '1');
  for (const digest of [...image.layerDigests, image.configDigest]) {
    // A pull is over when its last byte is in; that the blob is held is told by a hit.
    const url = `${child.url}/v2/library/app/blobs/${digest}`;
    await eventually(`${digest} is held`, async () => {
      const { headers } = await fetch(url, { method: 'HEAD' });
      return headers.get('cache-status') === 'holdfast; hit';
    });
  }
  await child.kill();
  await upstream.stop();
  const holdfast = await startHoldfast(t, options);
  assert.deepEqual(await pullImage(holdfast.url, 'library/app', '1'), pulled);
});
