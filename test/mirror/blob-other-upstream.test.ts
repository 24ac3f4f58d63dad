import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, startHoldfast, startUpstream, untilHeld } from '../helpers/mirror.ts';

test('naming the digest of another upstream gives nobody its manifest or its blobs', async (t) => {
  const owner = await startUpstream(t);
  const other = await startUpstream(t);
  const secret = owner.addImage('team/secret', '1', { layers: [100_000] });
  const [layer] = secret.layerDigests;
  // Registries take an index whose manifests they do not have (a "sparse" one).
  other.addIndex('evil/x', '1', [{ digest: secret.manifestDigest }]);
  const holdfast = await startHoldfast(t, {
    upstreams: { 'docker.io': owner.url, 'ghcr.io': other.url },
  });
  await ask(holdfast, '/v2/team/secret/manifests/1');
  await ask(holdfast, `/v2/team/secret/blobs/${layer}`);

  assert.equal((await ask(holdfast, '/v2/ghcr.io/evil/x/manifests/1')).status, 200);
  const manifest = await ask(holdfast, `/v2/ghcr.io/evil/x/manifests/${secret.manifestDigest}`);
  assert.deepEqual([manifest.status, manifest.code], [404, 'MANIFEST_UNKNOWN']);
  const blob = await ask(holdfast, `/v2/ghcr.io/evil/x/blobs/${layer}`);
  assert.deepEqual([blob.status, blob.code], [404, 'BLOB_UNKNOWN']);
});

test('what two upstreams really share is fetched once and shared after a HEAD', async (t) => {
  const one = await startUpstream(t);
  const two = await startUpstream(t);
  const image = one.addImage('team/app', '1', { layers: [100_000] });
  two.addImage('team/app', '1', { layers: image.layers.map((layer) => layer) });
  const [layer] = image.layerDigests;
  const holdfast = await startHoldfast(t, {
    upstreams: { 'docker.io': one.url, 'ghcr.io': two.url },
    config: { prefetch: 'off' },
  });
  await ask(holdfast, '/v2/team/app/manifests/1');
  await ask(holdfast, `/v2/team/app/blobs/${layer}`);
  await untilHeld(holdfast, `/v2/team/app/blobs/${layer}`);
  await ask(holdfast, '/v2/ghcr.io/team/app/manifests/1');
  const shared = await ask(holdfast, `/v2/ghcr.io/team/app/blobs/${layer}`);
  assert.deepEqual(shared.body, image.layers[0]);
  assert.deepEqual([two.count('HEAD', /blobs/), two.count('GET', /blobs/)], [1, 0]);
  await ask(holdfast, `/v2/ghcr.io/team/app/blobs/${layer}`);
  assert.equal(two.count('HEAD', /blobs/), 1);
});
