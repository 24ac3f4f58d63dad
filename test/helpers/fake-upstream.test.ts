import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { FakeUpstream } from './fake-upstream.ts';

let upstream: FakeUpstream;
before(async () => {
  upstream = await FakeUpstream.start({ redirectBlobs: true });
});
afterEach(() => {
  upstream.clearFaults();
});
after(async () => {
  await upstream.stop();
});

test('the fake registry serves an image, through a redirect, and in part', async () => {
  const image = upstream.addImage('library/app', '1.0', { layers: [5000] });
  const manifest = await fetch(`${upstream.url}/v2/library/app/manifests/1.0`);
  assert.equal(manifest.headers.get('docker-content-digest'), image.manifestDigest);
  assert.deepEqual(Buffer.from(await manifest.arrayBuffer()), image.manifest);
  const blob = await fetch(`${upstream.url}/v2/library/app/blobs/${image.layerDigests[0]}`, {
    headers: { range: 'bytes=4000-' },
  });
  assert.equal(blob.status, 206);
  assert.deepEqual(Buffer.from(await blob.arrayBuffer()), image.layers[0]?.subarray(4000));
  assert.equal(upstream.count('GET', /\/blobs\//), 1);
});

test('a held body goes on when the gate opens', async () => {
  const image = upstream.addImage('library/app', '2.0', { layers: [5000] });
  const gate = upstream.hold(/\/signed\//, 1000);
  const blob = await fetch(`${upstream.url}/v2/library/app/blobs/${image.layerDigests[0]}`);
  const body = blob.arrayBuffer();
  await gate.reached;
  assert.equal(upstream.underWay, 1);
  gate.release();
  assert.deepEqual(Buffer.from(await body), image.layers[0]);
});

test('a cut body fails, once', async () => {
  const image = upstream.addImage('library/app', '3.0', { layers: [5000] });
  upstream.fault({ path: /\/signed\//, cutAfter: 1000, times: 1 });
  const url = `${upstream.url}/v2/library/app/blobs/${image.layerDigests[0]}`;
  await assert.rejects(async () => (await fetch(url)).arrayBuffer());
  assert.equal((await (await fetch(url)).arrayBuffer()).byteLength, 5000);
});

test('a stopped fake refuses connections until it is restarted', async () => {
  await upstream.stop();
  await assert.rejects(fetch(`${upstream.url}/v2/`));
  await upstream.restart();
  assert.equal((await fetch(`${upstream.url}/v2/`)).status, 200);
});
