import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FakeImage } from '../helpers/fake-upstream-content.ts';
import {
  ask,
  startHoldfast,
  startMirror,
  startUpstream,
  temporaryDirectory,
} from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';

/** Everything that can be asked of an image. */
function questions(repository: string, image: FakeImage): readonly (readonly [string, string])[] {
  const base = `/v2/${repository}`;
  return [
    ['GET', `${base}/manifests/1`],
    ['HEAD', `${base}/manifests/1`],
    ['GET', `${base}/manifests/${image.manifestDigest}`],
    ['GET', `${base}/blobs/${image.layerDigests[0]}`],
    ['HEAD', `${base}/blobs/${image.layerDigests[0]}`],
    ['GET', `${base}/tags/list`],
    ['GET', `${base}/referrers/${image.manifestDigest}`],
  ];
}

async function start(t: TestContext, upstream: object) {
  const mirror = await startMirror(t, { upstream });
  const secret = mirror.upstream.addImage('library/secret', '1');
  const open = mirror.upstream.addImage('library/open', '1');
  return { ...mirror, secret, open };
}

test('a repository that is denied is refused for manifests, blobs and lists, and upstream never asked', async (t) => {
  const { upstream, holdfast, secret } = await start(t, { deny: ['library/secret'] });
  for (const name of ['docker.io/library/secret', 'docker.io/secret', 'index.docker.io/secret']) {
    for (const [method, path] of questions(name, secret)) {
      const { status, code } = await ask(holdfast, path, { method });
      assert.equal(status, 403, `${method} ${path}`);
      if (method === 'GET') assert.equal(code, 'DENIED');
    }
  }
  for (const [method, path] of questions('secret', secret)) {
    const { status } = await ask(holdfast, `${path}?ns=docker.io`, { method });
    assert.equal(status, 403, `${method} ${path}`);
  }
  assert.deepEqual(upstream.requests, []);
});

test('a bare name whose upstream repository is denied is unknown, but may be hosted', async (t) => {
  const { upstream, holdfast, secret } = await start(t, { deny: ['library/secret'] });
  for (const name of ['secret', 'library/secret']) {
    for (const [method, path] of questions(name, secret)) {
      const { status, body } = await ask(holdfast, path, { method });
      if (path.includes('/referrers/')) {
        assert.deepEqual((JSON.parse(body.toString()) as { manifests: [] }).manifests, []);
      } else assert.equal(status, 404, `${method} ${path}`);
    }
  }
  const pushed = await pushImage(holdfast.url, 'secret', '1', [100]);
  assert.equal((await pullImage(holdfast.url, 'secret', '1')).digest, pushed.digest);
  assert.deepEqual(upstream.requests, []);
});

test('only what is allowed is mirrored, and deny wins over allow', async (t) => {
  const { upstream, holdfast, open, secret } = await start(t, {
    allow: ['library/*'],
    deny: ['library/sec*'],
  });
  const other = upstream.addImage('team/app', '1');
  for (const [method, path] of questions('docker.io/library/open', open)) {
    assert.equal((await ask(holdfast, path, { method })).status, 200, `${method} ${path}`);
  }
  upstream.clear();
  for (const [name, image] of [
    ['docker.io/library/secret', secret],
    ['docker.io/team/app', other],
  ] as const) {
    for (const [method, path] of questions(name, image)) {
      assert.equal((await ask(holdfast, path, { method })).status, 403, `${method} ${path}`);
    }
  }
  assert.deepEqual(upstream.requests, []);
});

test('a blob of a denied repository is not to be had through an allowed one', async (t) => {
  const { holdfast, secret } = await start(t, { deny: ['library/secret'] });
  const blob = await ask(holdfast, `/v2/docker.io/library/open/blobs/${secret.layerDigests[0]}`);
  assert.equal(blob.status, 404);
});

test('what was cached before it was denied is neither served nor listed any more', async (t) => {
  const dir = await temporaryDirectory(t);
  const upstream = await startUpstream(t);
  const secret = upstream.addImage('library/secret', '1');
  const upstreams = { 'docker.io': upstream.url };
  const before = await startHoldfast(t, { dir, upstreams });
  await pullImage(before.url, 'secret', '1');
  await before.close();

  const holdfast = await startHoldfast(t, { dir, upstreams, upstream: { deny: ['**'] } });
  for (const [method, path] of questions('docker.io/library/secret', secret)) {
    assert.equal((await ask(holdfast, path, { method })).status, 403, `${method} ${path}`);
  }
  const catalog = await ask(holdfast, '/v2/_catalog');
  assert.deepEqual(JSON.parse(catalog.body.toString()), { repositories: [] });
});
