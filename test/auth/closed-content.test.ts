/** What nobody learns of content that is only in a repository which is closed to him. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { missesAnswer } from '../../src/api/activity.ts';
import { imageAnswer } from '../../src/api/image.ts';
import { tagsAnswer } from '../../src/api/tags.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { eventually } from '../helpers/eventually.ts';
import { startUpstream } from '../helpers/mirror.ts';
import { pushSample, type Server } from '../spec/pushing.ts';
import { as, startWithAccounts, statusOf } from './signing-in.ts';

/** Alice has pushed `team/secret`; anybody may pull what docker.io has. */
async function startWithSecret(t: TestContext) {
  const upstream = await startUpstream(t);
  const { holdfast } = await startWithAccounts(t, {
    upstreams: { 'docker.io': upstream.url },
    auth: { rules: [{ match: 'team/secret', grant: { alice: ['push'] } }] },
  });
  const secret = await pushSample(as(holdfast, 'alice'), 'team/secret', 'v1');
  return { upstream, holdfast, secret };
}

/** What is told to be held of `library/probe:1`. */
async function heldOfProbe(server: Server) {
  const image = await server.fetch('/api/v1/image?image=probe:1');
  const { platforms } = imageAnswer.parse(await image.json());
  const list = await server.fetch('/api/v1/tags?repository=probe');
  const { tags } = tagsAnswer.parse(await list.json());
  return {
    blobs: platforms.flatMap(({ config, layers }) => [config?.held, ...layers.map((l) => l.held)]),
    bytes: tags[0]?.size,
  };
}

test('a manifest that names a closed repository’s layers does not tell that they are here', async (t) => {
  const { upstream, holdfast, secret } = await startWithSecret(t);
  // Anybody who has an account at that registry may push such a manifest there.
  upstream.addManifest('library/probe', '1', secret.manifest, MediaType.ociManifest);
  assert.equal(await statusOf(holdfast, '/v2/library/probe/manifests/1'), 200);
  for (const server of [holdfast, as(holdfast, 'bob')]) {
    assert.deepEqual(await heldOfProbe(server), {
      blobs: [false, false],
      bytes: secret.manifest.byteLength,
    });
  }
});

async function lastMiss(server: Server, repository: string) {
  const path = `/api/v1/misses?n=1&repository=${repository}`;
  let [miss] = missesAnswer.parse(await (await server.fetch(path)).json()).misses;
  await eventually('the miss of the layer is told', async () => {
    [miss] = missesAnswer.parse(await (await server.fetch(path)).json()).misses;
    return miss?.kind === 'blob';
  });
  return [miss?.reason, miss?.since !== null];
}

test('a miss does not tell that a closed repository had the same layer', async (t) => {
  const upstream = await startUpstream(t);
  const image = upstream.addImage('team/app', '1', { layers: [5_000] });
  const upstreams = {
    'open.example': { url: upstream.url },
    'secret.example': { url: upstream.url, private: true },
  };
  const { holdfast } = await startWithAccounts(t, { config: { upstreams, prefetch: 'off' } });
  const alice = as(holdfast, 'alice');
  const [open, secret] = ['open.example/team/app', 'secret.example/team/app'].map((name) => ({
    name,
    manifest: `/v2/${name}/manifests/1`,
    layer: `/v2/${name}/blobs/${image.layerDigests[0]}`,
  }));
  assert.ok(open && secret);
  for (const path of [secret.manifest, secret.layer])
    assert.equal(await statusOf(alice, path), 200);
  await eventually('the layer is held', async () => {
    return (await statusOf(alice, secret.layer, { method: 'DELETE' })) === 202;
  });
  for (const path of [open.manifest, open.layer]) assert.equal(await statusOf(holdfast, path), 200);
  assert.deepEqual(await lastMiss(holdfast, open.name), ['first-pull', false]);
  await eventually('the layer is held again', async () => {
    return (await statusOf(alice, open.layer, { method: 'DELETE' })) === 202;
  });
  assert.equal(await statusOf(alice, secret.layer), 200);
  await eventually('its miss is told', async () => {
    return (await lastMiss(alice, secret.name))[0] === 'deleted';
  });
});
