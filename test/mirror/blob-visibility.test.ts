import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ask, startHoldfast, startMirror, startUpstream, untilHeld } from '../helpers/mirror.ts';
import { pullImage, pushBlob } from '../helpers/registry-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const BLOBS = /\/blobs\//;

/** `library/app` with a layer, pulled; and `team/same` with the same image, not pulled. */
async function start(t: TestContext) {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [50_000] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const digest = image.layerDigests[0] ?? '';
  await pullImage(holdfast.url, 'library/app', '1');
  await untilHeld(holdfast, `/v2/library/app/blobs/${digest}`);
  upstream.addManifest('team/same', '1', image.manifest, OCI_MANIFEST);
  upstream.clear();
  return { upstream, holdfast, layer, digest };
}

test('a blob that another repository brought in is given once upstream says that this one has it too', async (t) => {
  const { upstream, holdfast, layer, digest } = await start(t);
  upstream.addBlob(layer, 'team/same');
  const path = `/v2/team/same/blobs/${digest}`;
  const first = await ask(holdfast, path);
  assert.equal(first.cache, 'holdfast; hit');
  assertSameBytes(first.body, layer);
  assert.deepEqual([upstream.count('HEAD', BLOBS), upstream.count('GET', BLOBS)], [1, 0]);
  await ask(holdfast, path);
  await ask(holdfast, path, { method: 'HEAD' });
  assert.equal(upstream.requests.length, 1);
});

test('a blob of another repository is a 404 where upstream does not have it in this one', async (t) => {
  const { upstream, holdfast, digest } = await start(t);
  for (const method of ['GET', 'HEAD', 'GET']) {
    const { status, body, headers } = await ask(holdfast, `/v2/team/other/blobs/${digest}`, {
      method,
    });
    assert.equal(status, 404);
    assert.equal(headers.get('docker-content-digest'), null);
    if (method === 'GET') assert.match(body.toString(), /"BLOB_UNKNOWN"/);
  }
  assert.deepEqual([upstream.count('HEAD', BLOBS), upstream.count('GET', BLOBS)], [1, 0]);
});

test('a manifest of this repository that names the blob is proof enough, also offline', async (t) => {
  const { upstream, holdfast, layer, digest } = await start(t);
  assert.equal((await ask(holdfast, '/v2/team/same/manifests/1')).status, 200);
  await upstream.stop();
  const reply = await ask(holdfast, `/v2/team/same/blobs/${digest}`);
  assert.equal(reply.cache, 'holdfast; hit');
  assertSameBytes(reply.body, layer);
});

test('while upstream cannot be asked, a blob that nothing proves is not given', async (t) => {
  const { upstream, holdfast, digest } = await start(t);
  await upstream.stop();
  const path = `/v2/docker.io/team/other/blobs/${digest}`;
  for (const method of ['GET', 'HEAD']) {
    assert.equal((await ask(holdfast, path, { method })).status, 502);
  }
});

test("a blob that arrives for one repository is not given to another's clients without proof", async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [400_000] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const digest = image.layerDigests[0];
  upstream.addBlob(layer, 'team/same');
  const gate = upstream.hold(BLOBS, 100_000);
  const first = ask(holdfast, `/v2/library/app/blobs/${digest}`);
  await gate.reached;
  const refused = await ask(holdfast, `/v2/team/other/blobs/${digest}`);
  assert.deepEqual([refused.status, refused.code], [404, 'BLOB_UNKNOWN']);
  const joining = await holdfast.fetch(`/v2/team/same/blobs/${digest}`);
  assert.equal(joining.headers.get('cache-status'), 'holdfast; fwd=uri-miss; collapsed');
  gate.release();
  assertSameBytes(Buffer.from(await joining.arrayBuffer()), layer);
  assertSameBytes((await first).body, layer);
  assert.equal(upstream.count('GET', BLOBS), 1);
  await untilHeld(holdfast, `/v2/team/same/blobs/${digest}`);
});

test('a blob of one upstream is not given to a repository of another', async (t) => {
  const [hub, corp] = await Promise.all([startUpstream(t), startUpstream(t)]);
  const holdfast = await startHoldfast(t, {
    upstreams: { 'docker.io': hub.url, 'corp.example': corp.url },
  });
  const image = corp.addImage('team/app', '1', { layers: [50_000] });
  await pullImage(holdfast.url, 'corp.example/team/app', '1');
  const digest = image.layerDigests[0];
  assert.equal((await ask(holdfast, `/v2/docker.io/team/app/blobs/${digest}`)).status, 404);
  assert.equal(hub.count('HEAD', BLOBS), 1);
  assert.equal(
    (await ask(holdfast, `/v2/docker.io/team/app/manifests/${image.manifestDigest}`)).status,
    404,
  );
});

test('a blob that was pushed is not to be had through a mirrored repository', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const digest = await pushBlob(holdfast.url, 'mine', Buffer.from('for us only'));
  for (const name of ['docker.io/library/mine', 'docker.io/team/app', 'team/app']) {
    assert.equal((await ask(holdfast, `/v2/${name}/blobs/${digest}`)).status, 404, name);
  }
  upstream.clear();
  const own = await ask(holdfast, `/v2/mine/blobs/${digest}`);
  assert.equal(own.body.toString(), 'for us only');
  assert.deepEqual(upstream.requests, []);
});
