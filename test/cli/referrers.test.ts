/** Signatures and SBOMs across an air gap: `export` takes them along, `import` brings them back. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Digest } from '../../src/oci/digest.ts';
import type { FakeUpstream, FakeUpstreamOptions } from '../helpers/fake-upstream.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { ask, startMirror } from '../helpers/mirror.ts';
import { getVerified } from '../helpers/registry-client.ts';
import { FakeRegistry } from '../registry-client/fake-registry.ts';
import { ArchiveCommands, startHosted } from './archive-commands.ts';

const SBOM = 'application/spdx+json';
const SIGNATURE = 'application/vnd.cncf.notary.signature';

/** `library/app:1` with an SBOM, the signature of that, and a signature by cosign's tag. */
function addSigned(upstream: FakeUpstream) {
  const subject = upstream.addImage('library/app', '1', { layers: [9_000] }).manifestDigest;
  const refer = (to: Digest, artifactType: string, size: number): Digest =>
    upstream.addImage('library/app', undefined, { subject: to, artifactType, layers: [size] })
      .manifestDigest;
  const sbom = refer(subject, SBOM, 6_000_000);
  const signature = refer(sbom, SIGNATURE, 10);
  const tag = `${subject.replace(':', '-')}.sig`;
  const cosign = upstream.addImage('library/app', tag, { layers: [20] }).manifestDigest;
  return { subject, sbom, signature, tag, cosign };
}

async function start(t: TestContext, fake: FakeUpstreamOptions = {}) {
  const mirror = await startMirror(t, { fake });
  const signed = addSigned(mirror.upstream);
  return { ...mirror, signed, commands: await ArchiveCommands.for(t, mirror.holdfast) };
}

type Signed = ReturnType<typeof addSigned>;

async function referrersOf(holdfast: Holdfast, name: string, digest: Digest): Promise<string[]> {
  const { status, body } = await ask(holdfast, `/v2/${name}/referrers/${digest}`);
  assert.equal(status, 200);
  const { manifests } = JSON.parse(body.toString()) as { manifests: { digest: string }[] };
  return manifests.map((one) => one.digest);
}

/** Everything is there, to the last byte. */
async function assertSigned(holdfast: Holdfast, name: string, signed: Signed): Promise<void> {
  const { subject, sbom, signature, tag, cosign } = signed;
  assert.deepEqual(await referrersOf(holdfast, name, subject), [sbom]);
  assert.deepEqual(await referrersOf(holdfast, name, sbom), [signature]);
  const tagged = await ask(holdfast, `/v2/${name}/manifests/${tag}`);
  assert.equal(tagged.headers.get('docker-content-digest'), cosign);
  for (const digest of [sbom, signature, cosign]) {
    const content = await getVerified(`${holdfast.url}/v2/${name}/manifests/${digest}`, digest);
    const { layers } = JSON.parse(content.toString()) as { layers: { digest: string }[] };
    for (const layer of layers) {
      await getVerified(`${holdfast.url}/v2/${name}/blobs/${layer.digest}`, layer.digest);
    }
  }
}

for (const [by, fake] of [
  ['the referrers API', {}],
  ['the fallback tag', { referrersApi: false }],
] as const) {
  for (const way of ['file', 'stdin'] as const) {
    test(`what refers to an image by ${by} goes with it, and comes back from a ${way}`, async (t) => {
      const { upstream, signed, commands } = await start(t, fake);
      const there = await startHosted(t);
      const registry = new URL(upstream.url).host;
      const from = way === 'file' ? [] : ['--registry', registry, '--insecure'];
      const { tar, err } = await commands.export('library/app:1', ...from);
      assert.match(err, /^library\/app:1: sha256:\w+, with 3 referrers$/m);
      const path = way === 'file' ? await commands.write('app.tar', tar) : '-';
      const input = way === 'file' ? undefined : tar;
      const imported = await commands.run(['import', path, '--server', there.url], input);
      assert.equal(imported.code, 0, imported.err);
      assert.match(imported.out.toString(), /library\/app:1 {2}sha256:\w+, with 3 referrers$/m);
      await assertSigned(there, 'library/app', signed);
    });
  }
}

test('the API takes them from an archive, too', async (t) => {
  const { signed, commands } = await start(t);
  const there = await startHosted(t);
  const { tar } = await commands.export('app:1');
  const answer = await there.fetch('/api/v1/import?to=team/app:1', {
    method: 'POST',
    headers: { 'content-type': 'application/x-tar' },
    body: tar,
  });
  assert.match(await answer.text(), /"referrers":3/);
  await assertSigned(there, 'team/app', signed);
});

test('they are left out where they are not wanted, and nobody is asked about them', async (t) => {
  const { upstream, commands } = await start(t);
  const { tar, err } = await commands.export('app:1', '--no-referrers');
  assert.doesNotMatch(err, /referrer/);
  assert.ok(!tar.includes('referrers.json'));
  assert.equal(upstream.count('GET', /referrers/), 0);
});

test('an archive without any has no list of them', async (t) => {
  const { upstream, commands } = await start(t);
  upstream.addImage('library/plain', '1', { layers: [100] });
  const { tar, err } = await commands.export('plain:1');
  assert.ok(!tar.includes('referrers.json'));
  assert.match(err, /^plain:1: sha256:\w+$/m);
});

test('compressed anew, an image comes without them: they speak of another digest', async (t) => {
  const { signed, commands } = await start(t);
  const there = await startHosted(t);
  const { tar } = await commands.export('app:1');
  const args = ['import', '-', '--server', there.url, '--compress', 'gzip'];
  const { code, out, err } = await commands.run(args, tar);
  assert.equal(code, 0, err);
  assert.doesNotMatch(out.toString(), /referrer/);
  assert.equal((await ask(there, `/v2/library/app/manifests/${signed.sbom}`)).status, 404);
});

test('a mirror without its upstream gives what it holds, and says that there may be more', async (t) => {
  const { upstream, holdfast, signed, commands } = await start(t);
  const { tar } = await commands.export('app:1');
  await upstream.stop();
  const again = await commands.export('app:1');
  assert.match(again.err, /^app:1: not all that refers to it may be there: /m);
  assert.match(again.err, /^app:1: sha256:\w+, with 3 referrers$/m);
  assert.ok(again.tar.equals(tar));
  await assertSigned(holdfast, 'library/app', signed);
});

test('a registry that answers the API with a page for people is asked by the fallback tag', async (t) => {
  const { upstream, commands } = await start(t, { referrersApi: false });
  const headers = { 'content-type': 'text/html' };
  upstream.fault({ path: /\/referrers\//, status: 200, body: '<html>', headers });
  const from = ['--registry', new URL(upstream.url).host, '--insecure'];
  const { err } = await commands.export('library/app:1', ...from);
  assert.match(err, /^library\/app:1: sha256:\w+, with 3 referrers$/m);
});

test('a registry whose list of referrers is no JSON is told of, and the image exported', async (t) => {
  const { upstream, commands } = await start(t);
  upstream.fault({ path: /\/referrers\//, status: 200, body: '{"manifests":[' });
  const from = ['--registry', new URL(upstream.url).host, '--insecure'];
  const { err } = await commands.export('library/app:1', ...from);
  assert.match(err, /^library\/app:1: not all that refers to it may be there: .* is not JSON$/m);
  assert.match(err, /^library\/app:1: sha256:\w+, with 1 referrer$/m);
});

test('one whose parts cannot be had is left out, and told of', async (t) => {
  const { upstream, signed, commands } = await start(t);
  const content = upstream.content.findManifest('library/app', signed.sbom)!.content.toString();
  const { layers } = JSON.parse(content) as { layers: { digest: Digest }[] };
  upstream.content.removeBlob(layers[0]!.digest);
  const { err } = await commands.export('app:1');
  assert.match(err, new RegExp(`not all that refers to it may be there: ${signed.sbom}`));
});

test('a registry without the API is given the list by the fallback tag', async (t) => {
  const { signed, commands } = await start(t);
  const registry = await FakeRegistry.start(t);
  const { host } = new URL(registry.url);
  const { tar } = await commands.export('app:1');
  const { code, err } = await commands.run(['import', '-', '--registry', host], tar);
  assert.equal(code, 0, err);
  const listed = (digest: Digest): unknown => {
    const found = registry.manifests.get(`library/app:${digest.replace(':', '-')}`);
    assert.equal(found?.type, 'application/vnd.oci.image.index.v1+json');
    return JSON.parse(found?.bytes.toString() ?? '');
  };
  const { manifests } = listed(signed.subject) as { manifests: Record<string, unknown>[] };
  assert.deepEqual(
    manifests.map(({ digest, artifactType }) => ({ digest, artifactType })),
    [{ digest: signed.sbom, artifactType: SBOM }],
  );
  assert.ok(JSON.stringify(listed(signed.sbom)).includes(signed.signature));
  assert.ok(registry.manifests.has(`library/app:${signed.tag}`));
  // Once more adds nothing.
  await commands.run(['import', '-', '--registry', host], tar);
  assert.deepEqual(listed(signed.subject), { ...(listed(signed.subject) as object), manifests });
});
