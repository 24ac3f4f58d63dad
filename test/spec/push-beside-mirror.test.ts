/** Pushes under bare names, with an upstream that may have the same repository (and may be down). */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { FakeUpstream } from '../helpers/fake-upstream.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';
import { describe, indexOf, pushBlob, pushSample, putManifest, sample } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send } from './wire.ts';

interface Pair {
  readonly upstream: FakeUpstream;
  readonly holdfast: Holdfast;
}

async function started(t: TestContext, name = 'docker.io'): Promise<Pair> {
  const upstream = await FakeUpstream.start();
  t.after(() => upstream.stop());
  const holdfast = await Holdfast.start({ upstreams: { [name]: upstream.url } });
  t.after(() => holdfast.close());
  return { upstream, holdfast };
}

async function headBlob(holdfast: Holdfast, repository: string, digest: string): Promise<number> {
  const head = await send(holdfast, 'HEAD', `/v2/${repository}/blobs/${digest}`);
  assert.equal(await head.text(), '');
  return head.status;
}

test('in a hosted repository HEAD of a blob speaks of what is held, whatever upstream has', async (t) => {
  const { upstream, holdfast } = await started(t);
  const { layerDigests } = upstream.addImage('library/app', 'v1');
  const [layer = ''] = layerDigests;
  assert.equal(await headBlob(holdfast, 'app', layer), 200);
  await pushSample(holdfast, 'app', 'own');
  upstream.clear();
  assert.equal(await headBlob(holdfast, 'app', layer), 404);
  assert.deepEqual(upstream.requests, []);
});

const failures: [title: string, fail: (upstream: FakeUpstream) => unknown][] = [
  ['refuses connections', (upstream) => upstream.stop()],
  ['resets connections', (upstream) => upstream.fault({ reset: true })],
  ['answers 500', (upstream) => upstream.fault({ status: 500 })],
  ['answers 503', (upstream) => upstream.fault({ status: 503 })],
  ['answers 429', (upstream) => upstream.fault({ status: 429 })],
  ['answers 401', (upstream) => upstream.fault({ status: 401 })],
  ['answers 403', (upstream) => upstream.fault({ status: 403 })],
  ['has no such repository', () => undefined],
];
for (const [title, fail] of failures) {
  test(`while upstream ${title}, a new image is pushed under a bare name and pulled`, async (t) => {
    const { upstream, holdfast } = await started(t);
    await fail(upstream);
    const name = 'team/fresh';
    assert.equal(await headBlob(holdfast, name, digestOf(Buffer.from(name))), 404);
    const pushed = await pushImage(holdfast.url, name, 'v1', [1_000, 2_000]);
    assert.equal((await pullImage(holdfast.url, name, 'v1')).digest, pushed.digest);
  });
}

test('the 404 of HEAD under a name that is not hosted is the plain one of a blob', async (t) => {
  const { upstream, holdfast } = await started(t);
  await upstream.stop();
  const head = await send(holdfast, 'HEAD', `/v2/new/blobs/sha256:${'0'.repeat(64)}`);
  assert.equal(head.status, 404);
  assert.equal(head.headers.get('retry-after'), null);
  assert.equal(head.headers.get('docker-content-digest'), null);
});

test('a push that skips the blobs that upstream answered for is whole without upstream', async (t) => {
  const { upstream, holdfast } = await started(t);
  const image = upstream.addImage('library/app', 'v1', { layers: [5_000, 200_000, 0] });
  // What every client does: HEAD first, and upload nothing that is answered 200.
  for (const digest of [image.configDigest, ...image.layerDigests]) {
    assert.equal(await headBlob(holdfast, 'app', digest), 200);
  }
  const put = await putManifest(holdfast, 'app', 'mine', image.manifest);
  assert.equal(put.status, 201, await put.text());
  await upstream.stop();
  assert.equal((await pullImage(holdfast.url, 'app', 'mine')).digest, image.manifestDigest);
  const tags = await holdfast.fetch('/v2/app/tags/list');
  assert.deepEqual(await tags.json(), { name: 'app', tags: ['mine'] });
});

test('a push may mix its own layer with a base that upstream answered for', async (t) => {
  const { upstream, holdfast } = await started(t);
  const base = upstream.addImage('library/app', 'base', { layers: [30_000] });
  const [layer = Buffer.alloc(0)] = base.layers;
  assert.equal(await headBlob(holdfast, 'app', digestOf(layer)), 200);
  const own = sample('mixed', { layers: [describe(layer), describe(Buffer.from('own'))] });
  await pushBlob(holdfast, 'app', Buffer.from('own'));
  await pushBlob(holdfast, 'app', own.config);
  const put = await putManifest(holdfast, 'app', 'v2', own.manifest);
  assert.equal(put.status, 201, await put.text());
  await upstream.stop();
  await pullImage(holdfast.url, 'app', 'v2');
});

test('an index whose images upstream answered for is whole without upstream', async (t) => {
  const { upstream, holdfast } = await started(t);
  const images = ['amd64', 'arm64'].map((architecture) =>
    upstream.addImage('library/app', architecture, { platform: { os: 'linux', architecture } }),
  );
  for (const { manifestDigest } of images) {
    const head = await send(holdfast, 'HEAD', `/v2/app/manifests/${manifestDigest}`);
    assert.equal(head.status, 200);
  }
  const index = Buffer.from(JSON.stringify(indexOf(images.map(({ manifest }) => manifest))));
  const put = await putManifest(holdfast, 'app', 'all', index, MediaType.ociIndex);
  assert.equal(put.status, 201, await put.text());
  await upstream.stop();
  const get = await holdfast.fetch('/v2/app/manifests/all');
  assert.deepEqual(Buffer.from(await get.arrayBuffer()), index);
  for (const { manifestDigest } of images) {
    await pullImage(holdfast.url, 'app', manifestDigest);
  }
});

test('a push whose blob upstream does not have after all is refused, and names it', async (t) => {
  const { upstream, holdfast } = await started(t);
  const image = upstream.addImage('library/app', 'v1');
  const layer = image.layerDigests.at(-1) ?? image.configDigest;
  upstream.content.removeBlob(layer);
  const put = await putManifest(holdfast, 'app', 'mine', image.manifest);
  const entries = await refusal(put, 400, 'MANIFEST_BLOB_UNKNOWN');
  assert.deepEqual(
    entries.map(({ detail }) => (detail as { digest: string }).digest),
    [layer],
  );
  const head = await send(holdfast, 'HEAD', `/v2/app/manifests/mine`);
  assert.equal(head.status, 404);
});

test('a push whose blobs upstream sends wrong is refused, and keeps none of them', async (t) => {
  const { upstream, holdfast } = await started(t);
  const image = upstream.addImage('library/app', 'v1');
  upstream.fault({ method: 'GET', path: /\/blobs\//, corrupt: true });
  const put = await putManifest(holdfast, 'app', 'mine', image.manifest);
  await refusal(put, 400, 'MANIFEST_BLOB_UNKNOWN');
  upstream.clearFaults();
  const again = await putManifest(holdfast, 'app', 'mine', image.manifest);
  assert.equal(again.status, 201, await again.text());
});

test('a push brings in nothing of a repository that the configuration denies', async (t) => {
  const upstream = await FakeUpstream.start();
  t.after(() => upstream.stop());
  const holdfast = await Holdfast.start({
    upstreams: { 'docker.io': upstream.url },
    upstream: { deny: ['library/secret'] },
  });
  t.after(() => holdfast.close());
  const image = upstream.addImage('library/secret', 'v1');
  assert.equal(await headBlob(holdfast, 'secret', image.configDigest), 404);
  const put = await putManifest(holdfast, 'secret', 'mine', image.manifest);
  await refusal(put, 400, 'MANIFEST_BLOB_UNKNOWN');
  assert.deepEqual(upstream.requests, []);
});

test('a hosted tag is never shadowed by the upstream tag of that name', async (t) => {
  const { upstream, holdfast } = await started(t);
  const theirs = upstream.addImage('library/app', 'latest');
  assert.equal((await pullImage(holdfast.url, 'app', 'latest')).digest, theirs.manifestDigest);
  const own = await pushSample(holdfast, 'app', 'latest');
  assert.equal((await pullImage(holdfast.url, 'app', 'latest')).digest, own.digest);
  upstream.addImage('library/app', 'latest', { layers: [10] });
  holdfast.clock.advance(24 * 60 * 60 * 1_000);
  upstream.clear();
  assert.equal((await pullImage(holdfast.url, 'app', 'latest')).digest, own.digest);
  assert.deepEqual(upstream.requests, []);
  // By its full name the upstream's is still to be had.
  const full = await send(holdfast, 'HEAD', '/v2/docker.io/library/app/manifests/latest');
  assert.notEqual(full.headers.get('docker-content-digest'), own.digest);
});

test('a tag that is not hosted still comes from upstream, in a repository that is', async (t) => {
  const { upstream, holdfast } = await started(t);
  const theirs = upstream.addImage('library/app', 'v1');
  await pushSample(holdfast, 'app', 'own');
  assert.equal((await pullImage(holdfast.url, 'app', 'v1')).digest, theirs.manifestDigest);
  await upstream.stop();
  await refusal(await holdfast.fetch('/v2/app/manifests/v9'), 404, 'MANIFEST_UNKNOWN');
});

for (const name of [
  'docker.io/library/app',
  'index.docker.io/app',
  'docker.io/app',
  'DOCKER.IO/app',
]) {
  test(`a push to ${name} is refused: it is the upstream's`, async (t) => {
    const { holdfast } = await started(t);
    const { manifest } = sample('refused');
    const post = await holdfast.fetch(`/v2/${name}/blobs/uploads/`, { method: 'POST' });
    await refusal(post, 403, 'DENIED');
    await refusal(await putManifest(holdfast, name, 'v1', manifest), 403, 'DENIED');
  });
}

test('ns does not count for a push', async (t) => {
  const { upstream, holdfast } = await started(t);
  const post = await holdfast.fetch('/v2/app/blobs/uploads/?ns=docker.io', { method: 'POST' });
  assert.equal(post.status, 202);
  const unknown = await holdfast.fetch('/v2/app/blobs/uploads/?ns=nowhere.io', { method: 'POST' });
  assert.equal(unknown.status, 202);
  const image = await pushSample(holdfast, 'app', 'v1');
  const put = await putManifest(holdfast, 'app', 'v2?ns=docker.io', image.manifest);
  assert.equal(put.status, 201);
  upstream.clear();
  assert.equal((await pullImage(holdfast.url, 'app', 'v2')).digest, image.digest);
});
