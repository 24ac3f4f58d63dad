import assert from 'node:assert/strict';
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import type { FakeUpstreamOptions } from '../helpers/fake-upstream.ts';
import { eventually } from '../helpers/eventually.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import {
  ask,
  DAY,
  HOUR,
  reply,
  startHoldfast,
  startMirror,
  storedFiles,
  untilHeld,
} from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { Wire } from '../spec/wire.ts';

const LAYER = 3_000_000;
const FAST = { bytesPerSecond: 1_000_000_000 };

/** A mirror on a disk of 32 MiB that shall keep 4 MB free. */
async function start(t: TestContext, fake: FakeUpstreamOptions = {}) {
  const dir = await smallDisk(t, 32);
  if (dir === undefined) return undefined;
  const storage = { dir, maxSize: '50GB', minFree: '4MB' };
  const mirror = await startMirror(t, { fake, dir, config: { prefetch: 'off', storage } });
  return { ...mirror, ballast: join(dir, 'ballast') };
}

/** Writes until nothing more fits, as another program may. */
async function fillUp(file: string): Promise<void> {
  const handle = await open(file, 'w');
  try {
    for (const step of [1024 * 1024, 4096]) {
      for (;;) if ((await handle.write(Buffer.alloc(step, 'x'))).bytesWritten < step) break;
    }
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    await handle.close();
  }
}

async function evicted(holdfast: Holdfast): Promise<number> {
  const text = await (await holdfast.fetch('/metrics')).text();
  return Number(/^holdfast_evicted_blobs_total (\d+)$/m.exec(text)?.[1]);
}

async function pushBlob(holdfast: Holdfast, content: Buffer) {
  const post = await holdfast.fetch('/v2/team/app/blobs/uploads/', { method: 'POST' });
  if (post.status !== 202) return reply(post);
  const location = post.headers.get('location') ?? '';
  return reply(await holdfast.fetch(location, { method: 'PATCH', body: content }));
}

test('a disk that others have filled: pulls go on, eviction makes room, and new images are kept', async (t) => {
  const mirror = await start(t);
  if (!mirror) return t.skip('mounting a small file system is not permitted here');
  const { upstream, holdfast, ballast } = mirror;
  const pushed = await pushImage(holdfast.url, 'team/app', '1', [LAYER]);
  for (const tag of ['1', '2', '3']) {
    upstream.addImage('library/app', tag, { layers: [LAYER] });
    await pullImage(holdfast.url, 'library/app', tag);
  }
  await storedFiles(holdfast);
  const next = upstream.addImage('library/app', 'next', { layers: [LAYER] });
  await fillUp(ballast);

  await pullImage(holdfast.url, 'library/app', 'next');
  await eventually('something was evicted', async () => (await evicted(holdfast)) > 0);
  await storedFiles(holdfast);
  await pullImage(holdfast.url, 'library/app', 'next');
  await untilHeld(holdfast, `/v2/library/app/blobs/${next.layerDigests[0]}`);
  assert.deepEqual(await pullImage(holdfast.url, 'team/app', '1'), pushed);
  const { damaged, unreadable, lost } = await holdfast.upkeep.verify(FAST);
  assert.deepEqual([damaged, unreadable, lost], [[], [], []]);
});

test('what broken fills have left behind goes before any image', async (t) => {
  const mirror = await start(t);
  if (!mirror) return t.skip('mounting a small file system is not permitted here');
  const { upstream, holdfast, ballast } = mirror;
  const image = upstream.addImage('library/app', '1', { layers: [LAYER] });
  await pullImage(holdfast.url, 'library/app', '1');
  await storedFiles(holdfast);
  const digest = upstream.addBlob(madeUpBytes('broken', 10_000_000), 'library/app');
  await writeFile(
    join(holdfast.dir, 'unfinished', `fill-sha256-${digest.slice('sha256:'.length)}.part`),
    madeUpBytes('broken', 9_000_000),
  );
  await fillUp(ballast);
  const { evicted: run } = await holdfast.upkeep.collectGarbage();
  assert.deepEqual(run, { manifests: 0, blobs: 0, bytes: 9_000_000, shortfall: 0 });
  const files = await storedFiles(holdfast);
  assert.equal(files.length, 2);
  assert.ok(files.some((file) => file.endsWith(image.layerDigests[0]?.slice(7) ?? '?')));
});

for (const framing of ['Content-Length', 'chunks'] as const) {
  test(`a client that is still sending (${framing}) is told that the disk is full, and its connection goes on`, async (t) => {
    const mirror = await start(t);
    if (!mirror) return t.skip('mounting a small file system is not permitted here');
    const { holdfast, ballast } = mirror;
    const post = await holdfast.fetch('/v2/team/app/blobs/uploads/', { method: 'POST' });
    await fillUp(ballast);
    const wire = await Wire.connect(holdfast);
    const pieces = Array.from({ length: 8 }, () => Buffer.alloc(1_000_000, 'x'));
    const size = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    const length = framing === 'chunks' ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`;
    const head = `PATCH ${post.headers.get('location')} HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n`;
    await wire.write(head);
    const send = async (piece: Buffer): Promise<void> => {
      const chunk = [
        Buffer.from(`${piece.byteLength.toString(16)}\r\n`),
        piece,
        Buffer.from('\r\n'),
      ];
      await wire.write(framing === 'chunks' ? Buffer.concat(chunk) : piece);
    };
    for (const piece of pieces.slice(0, 4)) await send(piece);
    await eventually('it is told', () => /507 .*"errors"/s.test(wire.received.toString()));
    // Only now the rest, as a client may that reads when it has sent everything.
    for (const piece of pieces.slice(4)) await send(piece);
    if (framing === 'chunks') await wire.write('0\r\n\r\n');
    await wire.write('GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually('the next request is answered', () =>
      /507 .*HTTP\/1\.1 200 /s.test(wire.received.toString()),
    );
    wire.reset();
  });
}

test('a disk that is full of what must stay: pushes are told so, pulls go on, all is well when there is room', async (t) => {
  const mirror = await start(t);
  if (!mirror) return t.skip('mounting a small file system is not permitted here');
  const { upstream, holdfast, ballast } = mirror;
  const pushed = await pushImage(holdfast.url, 'team/app', '1', [LAYER]);
  upstream.addImage('library/app', '1', { layers: [LAYER] });
  await fillUp(ballast);

  const refused = await pushBlob(holdfast, madeUpBytes('too much', LAYER));
  assert.deepEqual([refused.status, refused.code], [507, 'UNKNOWN']);
  for (const _ of [1, 2]) await pullImage(holdfast.url, 'library/app', '1');
  assert.deepEqual(await pullImage(holdfast.url, 'team/app', '1'), pushed);

  await rm(ballast);
  await pushImage(holdfast.url, 'team/app', '2', [LAYER]);
  await pullImage(holdfast.url, 'library/app', '1');
  await storedFiles(holdfast);
  upstream.clear();
  await pullImage(holdfast.url, 'library/app', '1');
  assert.equal(upstream.count('GET', /\/blobs\//), 0);
  assert.equal((await ask(holdfast, '/readyz')).status, 200);
  const { damaged, unreadable, lost } = await holdfast.upkeep.verify(FAST);
  assert.deepEqual([damaged, unreadable, lost], [[], [], []]);
});

test('signatures that upstream lists by tag are not hidden by a full disk', async (t) => {
  const mirror = await start(t, { referrersApi: false });
  if (!mirror) return t.skip('mounting a small file system is not permitted here');
  const { upstream, holdfast, ballast } = mirror;
  const { manifestDigest: subject } = upstream.addImage('library/app', '1');
  const { manifestDigest } = upstream.addImage('library/app', undefined, { subject });
  await fillUp(ballast);
  const { status, body } = await ask(holdfast, `/v2/library/app/referrers/${subject}`);
  assert.equal(status, 200);
  const { manifests } = JSON.parse(body.toString()) as { manifests: { digest: string }[] };
  assert.deepEqual(
    manifests.map(({ digest }) => digest),
    [manifestDigest],
  );
});

test('what another repository has brought in is given on a full disk too', async (t) => {
  const mirror = await start(t);
  if (!mirror) return t.skip('mounting a small file system is not permitted here');
  const { upstream, holdfast, ballast } = mirror;
  const layer = madeUpBytes('shared', LAYER);
  const image = upstream.addImage('library/app', '1', { layers: [layer] });
  upstream.addImage('library/other', '1', { layers: [layer] });
  await pullImage(holdfast.url, 'library/app', '1');
  // Pinned, for what is not is evicted.
  const pin = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
  const body = JSON.stringify({ pattern: 'docker.io/library/app:1' });
  assert.equal((await holdfast.fetch('/api/v1/pins', { ...pin, body })).status, 200);
  await storedFiles(holdfast);
  await fillUp(ballast);
  const manifest = await ask(holdfast, `/v2/library/other/manifests/${image.manifestDigest}`);
  assert.equal(manifest.status, 200);
  assert.ok(manifest.body.equals(image.manifest));
  const blob = await ask(holdfast, `/v2/library/other/blobs/${image.layerDigests[0]}`);
  assert.equal(blob.status, 200);
  assert.ok(layer.equals(blob.body));
});

test('a tag that upstream has deleted is a 404 on a full disk too', async (t) => {
  const mirror = await start(t);
  if (!mirror) return t.skip('mounting a small file system is not permitted here');
  const { upstream, holdfast, ballast } = mirror;
  upstream.addImage('library/app', '1');
  const path = '/v2/library/app/manifests/1';
  assert.equal((await ask(holdfast, path)).status, 200);
  upstream.removeTag('library/app', '1');
  await fillUp(ballast);
  // What was kept for making room is used up, too.
  await rm(join(holdfast.dir, 'holdfast.db-reserve'));
  await fillUp(`${ballast}-2`);
  holdfast.clock.advance(HOUR);
  const { status, code } = await ask(holdfast, path);
  assert.deepEqual([status, code], [404, 'MANIFEST_UNKNOWN']);
});

for (const how of ['cancels', 'does not go on with'] as const) {
  test(`an upload that its client ${how} gives back its room on a full disk`, async (t) => {
    const mirror = await start(t);
    if (!mirror) return t.skip('mounting a small file system is not permitted here');
    const { holdfast, ballast } = mirror;
    const begun = await pushBlob(holdfast, madeUpBytes('begun', LAYER));
    assert.equal(begun.status, 202);
    await fillUp(ballast);
    if (how === 'cancels') {
      const location = begun.headers.get('location') ?? '';
      assert.equal((await ask(holdfast, location, { method: 'DELETE' })).status, 204);
    } else {
      holdfast.clock.advance(2 * DAY);
      assert.equal((await holdfast.upkeep.collectGarbage()).swept.uploads, 1);
    }
    assert.deepEqual(await storedFiles(holdfast), []);
  });
}

test('an upload whose blob could not be recorded is over, and can be made anew', async (t) => {
  const mirror = await start(t);
  if (!mirror) return t.skip('mounting a small file system is not permitted here');
  const { holdfast, ballast } = mirror;
  const content = madeUpBytes('whole', LAYER);
  const location = (await pushBlob(holdfast, content)).headers.get('location') ?? '';
  const close = () => ask(holdfast, `${location}?digest=${digestOf(content)}`, { method: 'PUT' });
  await fillUp(ballast);
  assert.equal((await close()).status, 507);
  for (const gone of [await ask(holdfast, location), await close()])
    assert.deepEqual([gone.status, gone.code], [404, 'BLOB_UPLOAD_UNKNOWN']);
  assert.deepEqual(await storedFiles(holdfast), []);
  await rm(ballast);
  await pushImage(holdfast.url, 'team/app', '1', [LAYER]);
});

test('a server starts on a full disk, gives what it holds and makes room', async (t) => {
  const mirror = await start(t);
  if (!mirror) return t.skip('mounting a small file system is not permitted here');
  const { upstream, holdfast, ballast } = mirror;
  const pushed = await pushImage(holdfast.url, 'team/app', '1', [LAYER]);
  const { dir } = holdfast;
  await holdfast.close();
  await fillUp(ballast);
  const again = await startHoldfast(t, { dir, upstreams: { 'docker.io': upstream.url } });
  assert.deepEqual(await pullImage(again.url, 'team/app', '1'), pushed);
});
