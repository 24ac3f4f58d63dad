import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ask, MINUTE, type Mirror, startMirror } from '../helpers/mirror.ts';
import { pullImage, pushBlob, pushImage } from '../helpers/registry-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

/** `app:1` pushed here, and `library/app` with the tags 1 and 2 upstream. */
async function start(t: TestContext) {
  const mirror = await startMirror(t);
  const { upstream, holdfast } = mirror;
  const theirs = upstream.addImage('library/app', '1', { layers: [5000] });
  const second = upstream.addImage('library/app', '2', { layers: [6000] });
  const ours = await pushImage(holdfast.url, 'app', '1', [4000]);
  upstream.clear();
  return { ...mirror, theirs, second, ours };
}

async function digestOf({ holdfast }: Mirror, path: string): Promise<string | null> {
  const { status, headers } = await ask(holdfast, path);
  assert.equal(status, 200, path);
  return headers.get('docker-content-digest');
}

test('a hosted tag wins over the one of the default upstream, which is not asked', async (t) => {
  const mirror = await start(t);
  assert.equal(await digestOf(mirror, '/v2/app/manifests/1'), mirror.ours.digest);
  const head = await ask(mirror.holdfast, '/v2/app/manifests/1', { method: 'HEAD' });
  assert.equal(head.headers.get('docker-content-digest'), mirror.ours.digest);
  assert.equal(head.cache, 'holdfast; hit');
  await pullImage(mirror.holdfast.url, 'app', '1');
  assert.deepEqual(mirror.upstream.requests, []);
});

test('a prefix and ns mean the upstream, whatever is hosted under that name', async (t) => {
  const mirror = await start(t);
  const { manifestDigest } = mirror.theirs;
  assert.equal(await digestOf(mirror, '/v2/docker.io/app/manifests/1'), manifestDigest);
  assert.equal(await digestOf(mirror, '/v2/app/manifests/1?ns=docker.io'), manifestDigest);
  assert.equal(await digestOf(mirror, '/v2/library/app/manifests/1'), manifestDigest);
});

test('a tag that the hosted repository does not hold comes from the default upstream', async (t) => {
  const mirror = await start(t);
  const { second, ours, upstream, holdfast } = mirror;
  assert.equal(await digestOf(mirror, '/v2/app/manifests/2'), second.manifestDigest);
  assert.equal(await digestOf(mirror, `/v2/app/manifests/${ours.digest}`), ours.digest);
  const blob = await ask(holdfast, `/v2/app/blobs/${second.layerDigests[0]}`);
  assertSameBytes(blob.body, second.layers[0]);
  assert.equal(upstream.count('GET', /\/manifests\//), 1);
  const tags = await ask(holdfast, '/v2/app/tags/list');
  assert.deepEqual(JSON.parse(tags.body.toString()), { name: 'app', tags: ['1'] });
});

test('what upstream has never replaces what was pushed, however old that is', async (t) => {
  const mirror = await start(t);
  const { holdfast, ours, theirs } = mirror;
  await pullImage(holdfast.url, 'docker.io/library/app', '1');
  holdfast.clock.advance(10 * MINUTE);
  assert.equal(await digestOf(mirror, '/v2/app/manifests/1'), ours.digest);
  assert.equal(await digestOf(mirror, '/v2/library/app/manifests/1'), theirs.manifestDigest);
  await pullImage(holdfast.url, 'app', '1');
});

test('a push under a mirrored name is seen at once, and upstream stays reachable by prefix', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const theirs = upstream.addImage('library/app', '1');
  await pullImage(holdfast.url, 'app', '1');
  const ours = await pushImage(holdfast.url, 'app', '1', [3000]);
  assert.equal((await pullImage(holdfast.url, 'app', '1')).digest, ours.digest);
  const byPrefix = await pullImage(holdfast.url, 'docker.io/app', '1');
  assert.equal(byPrefix.digest, theirs.manifestDigest);
});

test('in a hosted repository a failing upstream is a plain 404', async (t) => {
  const { upstream, holdfast } = await start(t);
  await upstream.stop();
  const manifest = await ask(holdfast, '/v2/app/manifests/3');
  assert.deepEqual([manifest.status, manifest.code], [404, 'MANIFEST_UNKNOWN']);
  const blob = await ask(holdfast, `/v2/app/blobs/sha256:${'a'.repeat(64)}`);
  assert.deepEqual([blob.status, blob.code], [404, 'BLOB_UNKNOWN']);
});

test('a HEAD of a blob in a hosted repository speaks of what is held only', async (t) => {
  const { upstream, holdfast, theirs } = await start(t);
  const path = `/v2/app/blobs/${theirs.layerDigests[0]}`;
  assert.equal((await ask(holdfast, path, { method: 'HEAD' })).status, 404);
  assert.deepEqual(upstream.requests, []);
});

test('a HEAD of a blob under a name that is not hosted yet may ask upstream, whose failure is a 404', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { layerDigests } = upstream.addImage('library/new', '1');
  const path = `/v2/new/blobs/${layerDigests[0]}`;
  assert.equal((await ask(holdfast, path, { method: 'HEAD' })).status, 200);
  upstream.fault({ status: 500 });
  const other = `/v2/new/blobs/${layerDigests[1]}`;
  assert.equal((await ask(holdfast, other, { method: 'HEAD' })).status, 404);
  upstream.clearFaults();
  await upstream.stop();
  const third = `/v2/new/blobs/sha256:${'b'.repeat(64)}`;
  assert.equal((await ask(holdfast, third, { method: 'HEAD' })).status, 404);
  await pushBlob(holdfast.url, 'new', Buffer.from('pushed with the upstream gone'));
});

test('ns does not count on a push: it lands in the hosted repository of that name', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const content = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [],
  });
  const init = {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
    body: content,
  };
  const put = await holdfast.fetch('/v2/library/mine/manifests/1?ns=docker.io', init);
  assert.equal(put.status, 201);
  assert.equal(put.headers.get('oci-namespace'), null);
  const session = await holdfast.fetch('/v2/mine/blobs/uploads/?ns=nowhere.example', {
    method: 'POST',
  });
  assert.equal(session.status, 202);
  assert.equal((await ask(holdfast, '/v2/library/mine/manifests/1')).status, 200);
  assert.equal((await ask(holdfast, '/v2/docker.io/library/mine/manifests/1')).status, 404);
  assert.equal(upstream.count('PUT') + upstream.count('POST'), 0);
});

test("a push under an upstream's name is refused, by any of its names and by every way to push", async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const digest = `sha256:${'c'.repeat(64)}`;
  for (const prefix of ['docker.io', 'index.docker.io', 'Docker.IO']) {
    for (const [method, path] of [
      ['PUT', 'manifests/1'],
      ['PUT', `manifests/${digest}`],
      ['POST', 'blobs/uploads/'],
      ['POST', `blobs/uploads/?mount=${digest}&from=library/app`],
      ['POST', `blobs/uploads/?digest=${digest}`],
    ] as const) {
      const { status, code } = await ask(holdfast, `/v2/${prefix}/library/app/${path}`, { method });
      assert.deepEqual([status, code], [403, 'DENIED'], `${method} ${prefix} ${path}`);
    }
  }
  assert.deepEqual(upstream.requests, []);
});
