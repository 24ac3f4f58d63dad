import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { startMirror } from '../helpers/mirror.ts';

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
