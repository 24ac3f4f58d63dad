/** oras, helm, notation and cosign push what is no image, and find it again. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cosign, helm, oras, type Place } from '../helpers/artifact-clients.ts';
import {
  type Artifact,
  attachedSbom,
  cosignSignatures,
  helmChart,
  notationSignature,
  orasFiles,
  orasNothing,
  sigstoreBundle,
} from '../helpers/artifacts.ts';
import { FakeUpstream } from '../helpers/fake-upstream.ts';
import { Holdfast } from '../helpers/holdfast.ts';

const upstream = await FakeUpstream.start();
const hosted = await Holdfast.start();
const beside = await Holdfast.start({ upstreams: { 'docker.io': upstream.url } });
after(async () => {
  await hosted.close();
  await beside.close();
  await upstream.stop();
});

for (const [where, server] of [
  ['a hosted-only registry', hosted],
  ['a registry beside a mirror', beside],
] as const) {
  const at = (repository: string): Place => ({ server, repository });

  test(`a helm chart with its provenance, in ${where}`, async () => {
    const place = at('charts/app');
    const chart = helmChart(where);
    await helm.push(place, chart.tag, chart);
    await helm.pull(place, chart);
  });

  test(`files of oras with an empty config, in ${where}`, async () => {
    const place = at('files/rocket');
    const files = orasFiles(where);
    await oras.push(place, 'v1', files);
    await oras.pull(place, 'v1', files);
    await oras.pull(place, files.digest, files);
  });

  test(`what is attached is discovered, by type and all together, in ${where}`, async () => {
    const place = at('files/attached');
    const app = orasFiles(`app ${where}`);
    await oras.push(place, 'v1', app);
    const sbom = attachedSbom(app);
    const referrers: readonly [Artifact, string][] = [
      [sbom, 'application/spdx+json'],
      [orasNothing(app, 'reviewed'), 'application/vnd.acme.state'],
      [notationSignature(app), 'application/vnd.cncf.notary.signature'],
      [sigstoreBundle(app), 'application/vnd.dev.sigstore.bundle.v0.3+json'],
    ];
    for (const [referrer] of referrers) await oras.attach(place, app, referrer);
    const types = referrers.map(([{ digest }, type]) => [digest, type]);
    assert.deepEqual(await oras.discover(place, app), Object.fromEntries(types));
    for (const [{ digest }, type] of referrers) {
      assert.deepEqual(await oras.discover(place, app, type), { [digest]: type });
    }
    for (const [referrer] of referrers) await oras.pull(place, referrer.digest, referrer);
    // An SBOM is signed as an image is.
    const signature = notationSignature(sbom);
    await oras.attach(place, sbom, signature);
    assert.deepEqual(Object.keys(await oras.discover(place, sbom)), [signature.digest]);
  });

  test(`cosign's signatures by tag, one after the other, and by referrer, in ${where}`, async () => {
    const place = at('files/signed');
    const app = orasFiles(`signed ${where}`);
    await oras.push(place, 'v1', app);
    const [one, two] = [cosignSignatures(app, 1), cosignSignatures(app, 2)];
    await cosign.sign(place, app, one, 'none');
    await cosign.verify(place, app, one);
    await cosign.sign(place, app, two, one);
    await cosign.verify(place, app, two);
    const bundle = sigstoreBundle(app);
    await oras.attach(place, app, bundle);
    await cosign.verifyBundle(place, app, bundle);
  });

  test(`a referrer may come before what it refers to, in ${where}`, async () => {
    const place = at('files/early');
    const app = orasFiles(`late ${where}`);
    const sbom = attachedSbom(app);
    const headers = await oras.push(place, sbom.digest, sbom);
    assert.equal(headers.get('oci-subject'), app.digest);
    await oras.push(place, 'v1', app);
    assert.deepEqual(Object.keys(await oras.discover(place, app)), [sbom.digest]);
  });
}
