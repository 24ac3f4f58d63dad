/** Images fetched ahead of need, through the API and by the lists of the configuration. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import type { FakeUpstream } from '../helpers/fake-upstream.ts';
import {
  ask,
  DAY,
  type Mirror,
  startHoldfast,
  startMirror,
  startUpstream,
  storedFiles,
} from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { JSON_BODY, outcomes, postWarm as post, warm } from './warming.ts';

function addMultiPlatform(upstream: FakeUpstream, tag = '1') {
  const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
  const images = platforms.map((platform, index) =>
    upstream.addImage('library/app', undefined, { platform, layers: [1_000 + index, 2_000] }),
  );
  upstream.addIndex(
    'library/app',
    tag,
    images.map(({ manifestDigest: digest }, index) => ({ digest, platform: platforms[index]! })),
  );
  return images;
}

const blobGets = (upstream: FakeUpstream): number => upstream.count('GET', /\/blobs\//);

test('an image of every platform is fetched whole, and pulls need no upstream then', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const images = addMultiPlatform(upstream);
  const { lines, failed } = await warm(holdfast, ['app:1']);
  assert.equal(failed, 0);
  assert.deepEqual(outcomes(lines), { 'app:1': 'done' });
  const last = lines.at(-1);
  assert.ok(last && last.done === last.total && last.total > 6_001);
  // A config and a layer for each, and a layer that they share.
  assert.equal((await storedFiles(holdfast)).length, 5);
  await upstream.stop();
  for (const { manifestDigest } of images)
    await pullImage(holdfast.url, 'library/app', manifestDigest);
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 200);
});

test('only the platforms that are asked for are fetched', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const [amd64, arm64] = addMultiPlatform(upstream);
  assert.equal((await warm(holdfast, ['app:1'], ['linux/arm64'])).failed, 0);
  assert.equal((await storedFiles(holdfast)).length, 3);
  assert.equal(upstream.count('GET', new RegExp(arm64!.manifestDigest)), 1);
  assert.equal(upstream.count('GET', new RegExp(amd64!.manifestDigest)), 0);
  const { lines } = await warm(holdfast, ['app:1'], ['linux/s390x']);
  assert.deepEqual(outcomes(lines), { 'app:1': 'failed: there is no image for linux/s390x' });
});

test('what is here already costs one HEAD for a tag, and nothing for a digest', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const [amd64] = addMultiPlatform(upstream);
  await warm(holdfast, ['app:1']);
  upstream.clear();
  const alone = { referrers: false };
  for (const image of ['app:1', 'docker.io/library/app:1'])
    assert.equal((await warm(holdfast, [image], [], alone)).failed, 0);
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [2, 0]);
  const byDigest = `app@${amd64!.manifestDigest}`;
  await warm(holdfast, [byDigest, byDigest], [], alone);
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [2, 0]);
});

test('a tag that has moved is fetched, fresh or not', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  await warm(holdfast, ['app:1']);
  const { manifestDigest } = upstream.addImage('library/app', '1', { layers: [22] });
  assert.equal((await warm(holdfast, ['app:1'])).failed, 0);
  upstream.clear();
  assert.equal((await pullImage(holdfast.url, 'library/app', '1')).digest, manifestDigest);
  assert.equal(upstream.requests.length, 0);
});

test('what fails is told, and the rest is fetched', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { deny: ['secret/**'] },
  });
  upstream.addImage('library/app', '1');
  const broken = upstream.addImage('library/broken', '1', { layers: [10, 20] });
  upstream.content.removeBlob(broken.layerDigests[0]!);
  const { lines, failed } = await warm(holdfast, [
    'broken:1',
    'missing:1',
    'Not An Image:1',
    'app',
    'secret/app:1',
    'app:1',
  ]);
  assert.equal(failed, 5);
  const ends = outcomes(lines);
  assert.match(ends['broken:1'] ?? '', /^failed: /);
  assert.match(ends['missing:1'] ?? '', /^failed: /);
  assert.equal(ends['Not An Image:1'], 'failed: this is no name of an image');
  assert.equal(ends['app'], 'failed: a tag or digest is missing');
  assert.match(ends['secret/app:1'] ?? '', /does not allow this repository$/);
  assert.equal(ends['app:1'], 'done');
  // The other layer of the broken one is here for the next try.
  assert.equal((await storedFiles(holdfast)).length, 5);
});

test('clients and the warming share each fill', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const { layerDigests, layers } = upstream.addImage('library/app', '1', { layers: [500_000] });
  const gate = upstream.hold(new RegExp(`/blobs/${layerDigests[0]}`), 100_000);
  const warming = warm(holdfast, ['app:1']);
  await gate.reached;
  const client = ask(holdfast, `/v2/library/app/blobs/${layerDigests[0]}`);
  const twice = warm(holdfast, ['library/app:1']);
  await eventually('the second one knows the tag', () => upstream.count('HEAD') === 2);
  gate.release();
  assert.deepEqual((await client).body, layers[0]);
  assert.deepEqual([(await warming).failed, (await twice).failed], [0, 0]);
  assert.equal(blobGets(upstream), 2);
});

test('progress tells the bytes of what arrives', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { layerDigests } = upstream.addImage('library/app', '1', { layers: [5_000_000] });
  const gate = upstream.hold(new RegExp(`/blobs/${layerDigests[0]}`), 4_500_000);
  const response = await post(holdfast, { images: ['app:1'] });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let seen = '';
  const partly = (): boolean =>
    [...seen.matchAll(/"done":(\d+),"total":(\d+)/g)].some(
      ([, done, total]) => Number(done) > 1_000_000 && Number(done) < Number(total),
    );
  while (!partly()) {
    const { done, value } = await reader.read();
    assert.ok(!done, `it ended: ${seen}`);
    seen += value;
  }
  gate.release();
  for (let part = await reader.read(); !part.done; part = await reader.read()) seen += part.value;
  assert.match(seen, /\{"done":true,"failed":0\}\n$/);
});

test('a client that leaves stops what has not begun', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const tags = Array.from({ length: 10 }, (_, index) => `t${index}`);
  for (const tag of tags) upstream.addImage('library/app', tag);
  const gate = upstream.hold(/\/blobs\//, 0);
  const leaving = new AbortController();
  const images = tags.map((tag) => `app:${tag}`);
  const response = await holdfast.fetch('/api/v1/warm', {
    method: 'POST',
    headers: JSON_BODY,
    body: JSON.stringify({ images }),
    signal: leaving.signal,
  });
  assert.equal(response.status, 200);
  await gate.reached;
  leaving.abort();
  await eventually('it is told to the metrics', async () => {
    const text = await (await holdfast.fetch('/metrics')).text();
    return text.includes('holdfast_warm_images_total{result="failed"} 10');
  });
  gate.release();
  await storedFiles(holdfast);
  assert.ok(upstream.count('HEAD', /manifests\/t/) < tags.length);
});

test('the last part of a pull limit is left to clients', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  addMultiPlatform(upstream);
  const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '9;w=21600' };
  upstream.fault({ path: /manifests/, headers });
  const { lines } = await warm(holdfast, ['app:1']);
  assert.match(outcomes(lines)['app:1'] ?? '', /^failed: what is left of the pull limit/);
  // The reading came with the first answers; none was asked for after them.
  assert.ok(upstream.count('GET', /manifests/) <= 1);
  upstream.clear();
  await warm(holdfast, ['app:1']);
  assert.equal(upstream.requests.length, 0);
});

test('what is too young is not taken over, and the one before is kept', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { upstream: { tags: { minAge: '3d' } } });
  upstream.addImage('library/app', '1');
  assert.match(
    outcomes((await warm(holdfast, ['app:1'])).lines)['app:1'] ?? '',
    /^failed: .*minAge/,
  );
  holdfast.clock.advance(3 * DAY);
  assert.equal((await warm(holdfast, ['app:1'])).failed, 0);
  upstream.addImage('library/app', '1', { layers: [22] });
  const { lines } = await warm(holdfast, ['app:1']);
  assert.match(outcomes(lines)['app:1'] ?? '', /^done: .*younger than tags\.minAge/);
});

test('a request that makes no sense is refused as a whole', async (t) => {
  const { holdfast } = await startMirror(t);
  const statuses = async (...bodies: object[]): Promise<number[]> =>
    Promise.all(bodies.map(async (body) => (await post(holdfast, body)).status));
  assert.deepEqual(
    await statuses({}, { images: [] }, { images: ['app:1'], platforms: ['linux'] }),
    [400, 400, 400],
  );
  const form = await holdfast.fetch('/api/v1/warm', {
    method: 'POST',
    body: new URLSearchParams({ images: 'app:1' }),
  });
  assert.equal(form.status, 415);
  const foreign = await holdfast.fetch('/api/v1/warm', {
    method: 'POST',
    headers: { ...JSON_BODY, Origin: 'https://evil.example' },
    body: JSON.stringify({ images: ['app:1'] }),
  });
  assert.equal(foreign.status, 403);
});

/** A mirror whose configuration has these warm lists. */
async function startScheduled(t: TestContext, warmLists: readonly object[]): Promise<Mirror> {
  const upstream = await startUpstream(t);
  upstream.addImage('library/app', '1');
  const upstreams = { 'docker.io': upstream.url };
  const holdfast = await startHoldfast(t, { upstreams, config: { warm: warmLists } });
  return { upstream, holdfast };
}

test('a list of the configuration is fetched soon after the start, and again', async (t) => {
  const { upstream, holdfast } = await startScheduled(t, [{ images: ['app:1'], every: '1s' }]);
  await eventually('the image is fetched', () => blobGets(upstream) === 3);
  upstream.clear();
  await eventually('the tag is checked again', () => upstream.count('HEAD') > 0);
  assert.equal(upstream.count('GET', /manifests|blobs/), 0);
  const { manifestDigest } = upstream.addImage('library/app', '1', { layers: [22] });
  await eventually('the tag has moved here too', async () => {
    const reply = await ask(holdfast, '/v2/library/app/manifests/1', { method: 'HEAD' });
    return reply.headers.get('docker-content-digest') === manifestDigest;
  });
  await eventually('it is told to the metrics', async () => {
    const text = await (await holdfast.fetch('/metrics')).text();
    return /^holdfast_warm_images_total\{result="held"\} [1-9]/m.test(text);
  });
});

test('a server that ends does not wait for an image that is being fetched ahead', async (t) => {
  const { upstream, holdfast } = await startScheduled(t, [{ images: ['app:1'], every: '1s' }]);
  const gate = upstream.hold(/\/blobs\//, 0);
  await gate.reached;
  await holdfast.close();
  gate.release();
});
