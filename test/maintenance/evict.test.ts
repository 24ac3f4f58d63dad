import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { FakeImage } from '../helpers/fake-upstream-content.ts';
import { Gate } from '../helpers/gate.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { eventually } from '../helpers/eventually.ts';
import {
  ask,
  HOUR,
  type Mirror,
  startHoldfast,
  startMirror,
  storedFiles,
  temporaryDirectory,
} from '../helpers/mirror.ts';
import { getVerified, pullImage, pushBlob, pushImage } from '../helpers/registry-client.ts';

const LAYER = 100_000;
/** Room for three images of one such layer, not for four. */
const THREE_IMAGES = { maxSize: '350KB', minFree: '0B' };
const OFF = { prefetch: 'off' };

async function start(t: TestContext, storage: object = THREE_IMAGES): Promise<Mirror> {
  const dir = await temporaryDirectory(t);
  const mirror = await startMirror(t, { dir, config: { ...OFF, storage: { dir, ...storage } } });
  mirror.holdfast.clock.stop();
  return mirror;
}

/** Pulls `library/app:<tag>`, and lets some time pass so that the next use is a later one. */
async function pull({ holdfast }: Mirror, tag: string): Promise<void> {
  await pullImage(holdfast.url, 'library/app', tag);
  await settled(holdfast);
}

/** No fill is running and what was evicted is gone. */
async function settled(holdfast: Holdfast): Promise<void> {
  await storedFiles(holdfast);
  await holdfast.upkeep.collectGarbage();
  holdfast.clock.advance(1_000);
}

/** The images whose layer is held, without a request that would be a use. */
async function held(mirror: Mirror, images: Record<string, FakeImage>): Promise<string[]> {
  const files = await storedFiles(mirror.holdfast);
  return Object.entries(images)
    .filter(([, { layerDigests }]) => isStored(files, layerDigests[0]))
    .map(([tag]) => tag);
}

function isStored(files: readonly string[], digest: string | undefined): boolean {
  return files.some((file) => file.endsWith(`/${digest?.slice('sha256:'.length)}`));
}

async function metric(holdfast: Holdfast, name: string): Promise<number> {
  const text = await (await holdfast.fetch('/metrics')).text();
  return Number(new RegExp(`^holdfast_${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

function addImages({ upstream }: Mirror, tags: readonly string[]): Record<string, FakeImage> {
  return Object.fromEntries(
    tags.map((tag) => [tag, upstream.addImage('library/app', tag, { layers: [LAYER] })]),
  );
}

test('the images that were not used for longest go, each as a whole', async (t) => {
  const mirror = await start(t);
  const images = addImages(mirror, ['1', '2', '3', '4', '5']);
  for (const tag of ['1', '2', '3']) await pull(mirror, tag);
  assert.deepEqual(await held(mirror, images), ['1', '2', '3']);
  await pull(mirror, '4');
  assert.deepEqual(await held(mirror, images), ['2', '3', '4']);
  await pull(mirror, '2');
  await pull(mirror, '5');
  assert.deepEqual(await held(mirror, images), ['2', '4', '5']);
  assert.equal(await metric(mirror.holdfast, 'evicted_manifests_total'), 2);
  assert.equal(await metric(mirror.holdfast, 'evicted_blobs_total'), 4);
  assert.ok((await metric(mirror.holdfast, 'mirrored_bytes')) <= 350_000);
});

test('a client that asks for no more than the manifest uses the whole image', async (t) => {
  const mirror = await start(t);
  const images = addImages(mirror, ['1', '2', '3', '4', '5', '6']);
  for (const tag of ['1', '2', '3']) await pull(mirror, tag);
  const get = await ask(mirror.holdfast, '/v2/library/app/manifests/1');
  assert.equal(get.status, 200);
  await pull(mirror, '4');
  assert.deepEqual(await held(mirror, images), ['1', '3', '4']);
  const head = await ask(mirror.holdfast, '/v2/library/app/manifests/3', { method: 'HEAD' });
  assert.equal(head.status, 200);
  mirror.holdfast.clock.advance(1_000);
  await pull(mirror, '5');
  await pull(mirror, '6');
  assert.deepEqual(await held(mirror, images), ['3', '5', '6']);
});

test('the use of an index is one of the images in it', async (t) => {
  const mirror = await start(t);
  const { upstream, holdfast } = mirror;
  const images = addImages(mirror, ['1', '2', '3', '4']);
  const platform = { os: 'linux', architecture: 'amd64' };
  upstream.addIndex('library/app', 'multi', [
    { digest: images['1']?.manifestDigest ?? ('' as never), platform },
  ]);
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/multi')).status, 200);
  for (const tag of ['1', '2', '3']) await pull(mirror, tag);
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/multi')).status, 200);
  holdfast.clock.advance(1_000);
  await pull(mirror, '4');
  assert.deepEqual(await held(mirror, images), ['1', '3', '4']);
});

test('a layer stays as long as one image that is kept needs it', async (t) => {
  const mirror = await start(t);
  const { upstream, holdfast } = mirror;
  const base = Buffer.alloc(LAYER, 'base');
  const old = upstream.addImage('library/app', 'old', { layers: [base, 1_000] });
  upstream.addImage('library/other', 'new', { layers: [base, 2_000] });
  const images = addImages(mirror, ['1', '2', '3']);
  await pull(mirror, 'old');
  await pullImage(holdfast.url, 'library/other', 'new');
  await settled(holdfast);
  await pull(mirror, '1');
  await pull(mirror, '2');
  await pullImage(holdfast.url, 'library/other', 'new');
  await settled(holdfast);
  await pull(mirror, '3');
  assert.deepEqual(await held(mirror, images), ['2', '3']);
  const files = await storedFiles(holdfast);
  assert.ok(isStored(files, old.layerDigests[0]));
  assert.ok(!isStored(files, old.layerDigests[1]));
  upstream.clear();
  await pullImage(holdfast.url, 'library/other', 'new');
  assert.equal(upstream.count('GET', /\/blobs\//), 0);
});

test('hosted content does not count and is not taken, however large and however long unused', async (t) => {
  const mirror = await start(t);
  const { holdfast } = mirror;
  const images = addImages(mirror, ['1', '2', '3', '4']);
  const pushed = await pushImage(holdfast.url, 'team/app', '1', [LAYER * 10]);
  // Mirrored first, then pushed as well: now it is hosted.
  await pull(mirror, '1');
  await pushBlob(holdfast.url, 'team/app', images['1']?.layers[0] ?? Buffer.alloc(0));
  holdfast.clock.advance(12 * HOUR);
  for (const tag of ['2', '3', '4']) await pull(mirror, tag);
  assert.deepEqual(await held(mirror, images), ['1', '2', '3', '4']);
  assert.deepEqual(await pullImage(holdfast.url, 'team/app', '1'), pushed);
});

test('an evicted image is pulled again from upstream, and its tags with it', async (t) => {
  const mirror = await start(t);
  const { upstream, holdfast } = mirror;
  addImages(mirror, ['1', '2', '3', '4']);
  for (const tag of ['1', '2', '3', '4']) await pull(mirror, tag);
  const tags = await ask(holdfast, '/v2/docker.io/library/app/tags/list');
  assert.equal(tags.status, 200);
  upstream.clear();
  await pull(mirror, '1');
  assert.equal(upstream.count('GET', /\/manifests\//), 1);
  assert.equal(upstream.count('GET', /\/blobs\//), 2);
});

test('the order of use outlives a restart', async (t) => {
  const dir = await temporaryDirectory(t);
  const config = { ...OFF, storage: { dir, ...THREE_IMAGES } };
  const mirror = await startMirror(t, { dir, config });
  const images = addImages(mirror, ['1', '2', '3', '4']);
  for (const tag of ['1', '2', '3']) await pull(mirror, tag);
  await ask(mirror.holdfast, '/v2/library/app/manifests/1');
  await mirror.holdfast.close();
  const upstreams = { 'docker.io': mirror.upstream.url };
  const second = { ...mirror, holdfast: await startHoldfast(t, { upstreams, config, dir }) };
  second.holdfast.clock.advance(10_000);
  await pull(second, '4');
  assert.deepEqual(await held(second, images), ['1', '3', '4']);
});

test('a blob that is being read is not taken, and is delivered whole', async (t) => {
  const size = 20_000_000;
  const mirror = await start(t, { maxSize: '21MB', minFree: '0B' });
  const { upstream, holdfast } = mirror;
  const image = upstream.addImage('library/app', 'big', { layers: [size] });
  upstream.addImage('library/app', 'next', { layers: [size] });
  await pull(mirror, 'big');
  const slow = await holdfast.fetch(`/v2/library/app/blobs/${image.layerDigests[0]}`);
  assert.equal(slow.status, 200);
  await pull(mirror, 'next');
  assert.equal(
    (await ask(holdfast, '/v2/library/app/manifests/big')).cache,
    'holdfast; fwd=uri-miss',
  );
  const body = Buffer.from(await slow.arrayBuffer());
  assert.ok(body.equals(image.layers[0] ?? Buffer.alloc(0)));
});

test('a manifest that goes while upstream is asked about its tag is fetched again', async (t) => {
  const dir = await temporaryDirectory(t);
  const first = await startMirror(t, { dir });
  const image = first.upstream.addImage('library/app', '1');
  await pullImage(first.holdfast.url, 'library/app', '1');
  await first.holdfast.close();
  // Started anew, it has no manifest in memory.
  const { upstream } = first;
  const holdfast = await startHoldfast(t, { upstreams: { 'docker.io': upstream.url }, dir });
  holdfast.clock.advance(HOUR);
  const gate = new Gate();
  upstream.fault({ method: 'HEAD', path: /manifests/, holdHeaders: gate, times: 1 });
  const asked = ask(holdfast, '/v2/library/app/manifests/1');
  await gate.reached;
  const path = `/v2/docker.io/library/app/manifests/${image.manifestDigest}`;
  assert.equal((await ask(holdfast, path, { method: 'DELETE' })).status, 202);
  gate.release();
  const { status, body } = await asked;
  assert.equal(status, 200);
  assert.ok(body.equals(image.manifest));
});

test('room is made for a fill while it runs, and the fill itself is left alone', async (t) => {
  const mirror = await start(t);
  const { upstream, holdfast } = mirror;
  const images = addImages(mirror, ['1', '2', '3']);
  for (const tag of ['1', '2', '3']) await pull(mirror, tag);
  const large = upstream.addImage('library/large', '1', { layers: [2 * LAYER] });
  const gate = upstream.hold(new RegExp(`blobs/${large.layerDigests[0]}`), 50_000);
  assert.equal((await ask(holdfast, '/v2/library/large/manifests/1')).status, 200);
  const url = `${holdfast.url}/v2/library/large/blobs/${large.layerDigests[0]}`;
  const pulling = getVerified(url, large.layerDigests[0] ?? '');
  await eventually('room was made', async () => {
    return (await metric(holdfast, 'evicted_manifests_total')) === 2;
  });
  gate.release();
  assert.equal((await pulling).byteLength, 2 * LAYER);
  await settled(holdfast);
  assert.deepEqual(await held(mirror, images), ['3']);
  assert.equal((await ask(holdfast, new URL(url).pathname)).cache, 'holdfast; hit');
});

test('the size that a manifest claims takes no room before upstream has told the same', async (t) => {
  const mirror = await start(t);
  const { upstream, holdfast } = mirror;
  const images = addImages(mirror, ['1', '2']);
  for (const tag of ['1', '2']) await pull(mirror, tag);
  const layer = Buffer.alloc(LAYER, 'claimed');
  const { manifest, mediaType } = upstream.addImage('library/app', 'claims', { layers: [layer] });
  const claims = manifest.toString().replace(`"size":${LAYER}`, '"size":1000000000000');
  upstream.addManifest('library/app', 'claims', claims, mediaType);
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/claims')).status, 200);
  const gate = new Gate();
  const blob = /\/blobs\//;
  upstream.fault({ path: blob, holdHeaders: gate });
  const asking = ask(holdfast, `/v2/library/app/blobs/${upstream.addBlob(layer, 'library/app')}`);
  await gate.reached;
  const { evicted } = await holdfast.upkeep.collectGarbage();
  assert.deepEqual([evicted.manifests, evicted.shortfall], [0, 0]);
  gate.release();
  assert.equal((await asking).status, 502);
  assert.deepEqual(await held(mirror, images), ['1', '2']);
});

test('blobs that no manifest names go first, once nobody has used them for a while', async (t) => {
  const mirror = await start(t);
  const { upstream, holdfast } = mirror;
  const images = addImages(mirror, ['1', '2', '3', '4']);
  const loose = upstream.addBlob(Buffer.alloc(LAYER, 'loose'), 'library/app');
  await pull(mirror, '1');
  await getVerified(`${holdfast.url}/v2/library/app/blobs/${loose}`, loose);
  await settled(holdfast);
  await pull(mirror, '2');
  await pull(mirror, '3');
  // A moment ago it was still in use: an image had to go.
  assert.deepEqual(await held(mirror, images), ['2', '3']);
  holdfast.clock.advance(HOUR);
  await pull(mirror, '4');
  assert.deepEqual(await held(mirror, images), ['2', '3', '4']);
  assert.ok(!isStored(await storedFiles(holdfast), loose));
});

test('room that a disk does not have is made as far as there is something to take', async (t) => {
  const mirror = await start(t, { maxSize: '50GB', minFree: '1000000GB' });
  const images = addImages(mirror, ['1']);
  const pushed = await pushImage(mirror.holdfast.url, 'team/app', '1', [LAYER]);
  await pull(mirror, '1');
  // Its manifest went while its blobs arrived: they are spared as long as that pull may go on.
  mirror.holdfast.clock.advance(HOUR);
  await settled(mirror.holdfast);
  assert.deepEqual(await held(mirror, images), []);
  assert.deepEqual(await pullImage(mirror.holdfast.url, 'team/app', '1'), pushed);
  assert.ok((await metric(mirror.holdfast, 'eviction_shortfall_bytes')) > 0);
});
