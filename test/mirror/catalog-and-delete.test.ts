import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, startHoldfast, startMirror, startUpstream, untilHeld } from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';

test('the catalog lists hosted repositories by name and mirrored ones behind their upstream', async (t) => {
  const [hub, corp] = await Promise.all([startUpstream(t), startUpstream(t)]);
  const holdfast = await startHoldfast(t, {
    upstreams: { 'docker.io': hub.url, 'corp.example': corp.url },
  });
  hub.addImage('library/app', '1');
  corp.addImage('team/app', '1');
  await pullImage(holdfast.url, 'app', '1');
  await pullImage(holdfast.url, 'corp.example/team/app', '1');
  await pushImage(holdfast.url, 'team/app', '1', [100]);
  hub.clear();
  const { status, body } = await ask(holdfast, '/v2/_catalog');
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(body.toString()), {
    repositories: ['corp.example/team/app', 'docker.io/library/app', 'team/app'],
  });
  assert.deepEqual(hub.requests, []);
});

test('a DELETE of mirrored content drops the cached copy, and a pull fetches it again', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [50_000] });
  const layer = `/v2/docker.io/library/app/blobs/${image.layerDigests[0]}`;
  const manifest = `/v2/docker.io/library/app/manifests/${image.manifestDigest}`;
  await pullImage(holdfast.url, 'app', '1');
  await untilHeld(holdfast, layer);

  assert.equal((await ask(holdfast, layer, { method: 'DELETE' })).status, 202);
  const hex = image.layerDigests[0]?.slice('sha256:'.length) ?? '';
  const files = await readdir(join(holdfast.dir, 'blobs'), { recursive: true });
  assert.ok(files.length > 0 && !files.some((file) => file.endsWith(hex)));
  assert.equal((await ask(holdfast, manifest, { method: 'DELETE' })).status, 202);

  upstream.clear();
  await pullImage(holdfast.url, 'app', '1');
  assert.equal(upstream.count('GET', /\/manifests\//), 1);
  assert.equal(upstream.count('GET', /\/blobs\//), 1);
});

test('a DELETE of what is not held is a 404, and upstream is not asked', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const image = upstream.addImage('library/app', '1');
  for (const path of [
    `manifests/${image.manifestDigest}`,
    'manifests/1',
    `blobs/${image.configDigest}`,
  ]) {
    const { status } = await ask(holdfast, `/v2/docker.io/library/app/${path}`, {
      method: 'DELETE',
    });
    assert.equal(status, 404, path);
  }
  assert.deepEqual(upstream.requests, []);
});
