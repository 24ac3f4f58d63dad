import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { ask, startMirror } from '../helpers/mirror.ts';
import { describe, pushBlob, putManifest } from '../spec/pushing.ts';

test('a push that names what nobody has costs upstream a few requests, not one for each', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const layers = Array.from({ length: 50 }, (_, index) => ({
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    digest: digestOf(Buffer.from(`absent ${index}`)),
    size: 5,
  }));
  const [config] = layers;
  const manifest = { schemaVersion: 2, mediaType: MediaType.ociManifest, config, layers };
  const put = await holdfast.fetch('/v2/team/app/manifests/1', {
    method: 'PUT',
    headers: { 'Content-Type': MediaType.ociManifest },
    body: JSON.stringify(manifest),
  });
  assert.equal(put.status, 400);
  // The client is still told of every one.
  const { errors } = (await put.json()) as { errors: readonly object[] };
  assert.equal(errors.length, 51);
  const asked = upstream.requests.length;
  assert.ok(asked > 0 && asked <= 10, `${asked} requests`);
});

test('what goes while upstream is asked for the rest of an image is told as missing', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const [config, layer] = [Buffer.from('{}'), madeUpBytes('layer', 1_000)];
  upstream.addBlob(layer, 'library/app');
  const digest = await pushBlob(holdfast, 'app', config);
  const gate = upstream.hold(/\/blobs\//, 0);
  const putting = putManifest(holdfast, 'app', '1', {
    schemaVersion: 2,
    mediaType: MediaType.ociManifest,
    config: describe(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [describe(layer)],
  });
  await gate.reached;
  const gone = await ask(holdfast, `/v2/app/blobs/${digest}`, { method: 'DELETE' });
  assert.equal(gone.status, 202);
  gate.release();
  const put = await putting;
  assert.equal(put.status, 400);
  const { errors } = (await put.json()) as { errors: readonly object[] };
  assert.deepEqual(
    errors.map((error) => 'detail' in error && error.detail),
    [{ digest, role: 'config' }],
  );
});
