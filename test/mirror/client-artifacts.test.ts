/** oras, helm and cosign pull what is no image through the mirror, and again with its registry gone. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { cosign, helm, oras, type Place } from '../helpers/artifact-clients.ts';
import {
  addArtifact,
  attachedSbom,
  cosignSignatures,
  helmChart,
  notationSignature,
  orasFiles,
  sigstoreBundle,
} from '../helpers/artifacts.ts';
import type { FakeUpstreamOptions } from '../helpers/fake-upstream.ts';
import { DAY, startHoldfast, startUpstream, storedFiles } from '../helpers/mirror.ts';

async function start(t: TestContext, fake: FakeUpstreamOptions = {}) {
  const upstream = await startUpstream(t, fake);
  const holdfast = await startHoldfast(t, { upstreams: { 'ghcr.io': upstream.url } });
  const place: Place = { server: holdfast, repository: 'ghcr.io/org/thing' };
  /** Everything has been put away, tags are stale, and nothing but the disk answers. */
  const goOffline = async (): Promise<void> => {
    await storedFiles(holdfast);
    await upstream.stop();
    holdfast.clock.advance(DAY);
  };
  return { upstream, holdfast, place, goOffline };
}

test('a helm chart', async (t) => {
  const { upstream, place, goOffline } = await start(t);
  const chart = helmChart('mirrored');
  addArtifact(upstream, 'org/thing', chart.tag, chart);
  await helm.pull(place, chart);
  await helm.pull(place, chart);
  assert.equal(upstream.count('GET', /\/blobs\//), chart.blobs.length);
  assert.equal(upstream.count('GET', /\/manifests\//), 1);
  await goOffline();
  await helm.pull(place, chart);
});

test('files of oras with an empty config', async (t) => {
  const { upstream, place, goOffline } = await start(t);
  const files = orasFiles('mirrored');
  addArtifact(upstream, 'org/thing', 'v1', files);
  await oras.pull(place, 'v1', files);
  assert.equal(upstream.count('GET', /\/blobs\//), files.blobs.length);
  await goOffline();
  await oras.pull(place, 'v1', files);
});

for (const [by, fake] of [
  ['the referrers API', {}],
  ['the fallback tag', { referrersApi: false }],
] as const) {
  test(`what is attached upstream by ${by} is discovered, and is there offline once it was pulled`, async (t) => {
    const { upstream, place, goOffline } = await start(t, fake);
    const app = orasFiles('app');
    const sbom = attachedSbom(app);
    const bundle = sigstoreBundle(app);
    const signature = notationSignature(app);
    addArtifact(upstream, 'org/thing', 'v1', app);
    for (const one of [sbom, bundle, signature]) addArtifact(upstream, 'org/thing', undefined, one);
    const all = {
      [sbom.digest]: 'application/spdx+json',
      [bundle.digest]: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      [signature.digest]: 'application/vnd.cncf.notary.signature',
    };
    await oras.pull(place, 'v1', app);
    assert.deepEqual(await oras.discover(place, app), all);
    for (const one of [sbom, signature]) await oras.pull(place, one.digest, one);
    await cosign.verifyBundle(place, app, bundle);
    await goOffline();
    await oras.pull(place, 'v1', app);
    assert.deepEqual(await oras.discover(place, app), all);
    const type = 'application/spdx+json';
    assert.deepEqual(await oras.discover(place, app, type), { [sbom.digest]: type });
    for (const one of [sbom, signature]) await oras.pull(place, one.digest, one);
    await cosign.verifyBundle(place, app, bundle);
  });
}

test("cosign's signatures by tag: those that there are, and an honest 404 for those that there are not", async (t) => {
  const { upstream, place, holdfast, goOffline } = await start(t);
  const app = orasFiles('signed');
  const [one, two] = [cosignSignatures(app, 1), cosignSignatures(app, 2)];
  addArtifact(upstream, 'org/thing', 'v1', app);
  addArtifact(upstream, 'org/thing', one.tag, one);
  await oras.pull(place, 'v1', app);
  await cosign.verify(place, app, one);
  // Another one is added; the tag has moved.
  addArtifact(upstream, 'org/thing', two.tag, two);
  holdfast.clock.advance(DAY);
  await cosign.verify(place, app, two);
  await goOffline();
  const { status, headers } = await holdfast.fetch(`/v2/ghcr.io/org/thing/manifests/${two.tag}`);
  assert.deepEqual([status, headers.get('docker-content-digest')], [200, two.digest]);
});
