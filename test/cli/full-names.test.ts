/** `import --full-names`: images under the names that they had, also across an air gap. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { dockerSave, makeImage, manifestOf, sha256 } from '../archive/make-image.ts';
import { makeTar } from '../archive/make-tar.ts';
import { ask, startHoldfast, startMirror } from '../helpers/mirror.ts';
import { getVerified, pullImage } from '../helpers/registry-client.ts';
import { FakeRegistry } from '../registry-client/fake-registry.ts';
import { ArchiveCommands, startHosted } from './archive-commands.ts';

const image = makeImage('app', { bytes: 6_000_000 });
const DIGEST = `sha256:${sha256(manifestOf(image))}`;
const tar = makeTar(dockerSave(image, ['ghcr.io/org/app:1']));
const UPSTREAMS = { 'docker.io': 'http://127.0.0.1:9', 'ghcr.io': 'http://127.0.0.1:9' };

test('export here, import there: all that a mirror gave is given without any upstream', async (t) => {
  const here = await startMirror(t);
  const { upstream } = here;
  const children = ['amd64', 'arm64'].map((architecture) => {
    const platform = { os: 'linux', architecture };
    const { manifestDigest } = upstream.addImage('library/app', undefined, { platform });
    return { digest: manifestDigest, platform };
  });
  const index = upstream.addIndex('library/app', '1', children);
  const artifactType = 'application/spdx+json';
  const sbom = upstream.addImage('library/app', undefined, { subject: index, artifactType });
  const commands = await ArchiveCommands.for(t, here.holdfast);
  const exported = await commands.export('app:1');
  const there = await startHoldfast(t, { upstreams: UPSTREAMS, config: { offline: true } });
  for (const way of ['file', 'stdin']) {
    const path = way === 'file' ? await commands.write('app.tar', exported.tar) : '-';
    const input = way === 'file' ? undefined : exported.tar;
    const args = ['import', path, '--full-names', '--server', there.url];
    const { code, out, err } = await commands.run(args, input);
    assert.equal(code, 0, err);
    assert.match(out.toString(), /docker\.io\/library\/app:1 {2}sha256:\w+, with 1 referrer$/m);
  }
  for (const name of ['library/app', 'docker.io/library/app']) {
    const root = await ask(there, `/v2/${name}/manifests/1`);
    assert.equal(root.headers.get('docker-content-digest'), index);
    for (const { digest } of children) await pullImage(there.url, name, digest);
    const { body } = await ask(there, `/v2/${name}/referrers/${index}`);
    assert.ok(body.includes(sbom.manifestDigest));
    await getVerified(
      `${there.url}/v2/${name}/blobs/${sbom.layerDigests[0]!}`,
      sbom.layerDigests[0]!,
    );
  }
});

test('a name loses its registry otherwise, and that is said', async (t) => {
  const there = await startHoldfast(t, { upstreams: UPSTREAMS });
  const commands = await ArchiveCommands.for(t, there);
  const short = await commands.run(['import', '-'], tar);
  assert.equal(short.code, 0, short.err);
  assert.match(short.err, /without the registry that they came from; --full-names keeps it/);
  await pullImage(there.url, 'org/app', '1');
  const full = await commands.run(['import', '-', '--full-names', '--json'], gzipSync(tar));
  assert.equal(full.code, 0, full.err);
  assert.doesNotMatch(full.err, /--full-names/);
  const { images } = JSON.parse(full.out.toString()) as { images: { pushed: string[] }[] };
  assert.deepEqual(images[0]?.pushed, ['ghcr.io/org/app:1']);
  assert.equal((await pullImage(there.url, 'ghcr.io/org/app', '1')).digest, DIGEST);
  const own = await commands.run(['import', '-'], makeTar(dockerSave(image, ['team/app:1'])));
  assert.doesNotMatch(own.err, /--full-names/);
});

test('another registry gets names in full, too', async (t) => {
  const commands = await ArchiveCommands.for(t, await startHosted(t));
  const registry = await FakeRegistry.start(t);
  const { host } = new URL(registry.url);
  const args = ['import', '-', '--full-names', '--registry', host];
  const { code, err } = await commands.run(args, tar);
  assert.equal(code, 0, err);
  assert.ok(registry.manifests.has('ghcr.io/org/app:1'));
});

test('what the server refuses is told', async (t) => {
  const there = await startHoldfast(t, { upstreams: UPSTREAMS, upstream: { deny: ['org/**'] } });
  const commands = await ArchiveCommands.for(t, there);
  const { code, err } = await commands.run(['import', '-', '--full-names'], tar);
  assert.equal(code, 1);
  assert.match(err, /^holdfast: .*does not allow this repository/m);
});

test('usage', async (t) => {
  const commands = await ArchiveCommands.for(t, await startHosted(t));
  for (const args of [
    ['import', 'x.tar', '--full-names', '--to', 'a:1'],
    ['import', 'x.tar', '--full-names', '--compress', 'gzip'],
  ]) {
    assert.equal((await commands.run(args)).code, 2, args.join(' '));
  }
  await mkdir(commands.path('layout'));
  const folder = await commands.run(['import', commands.path('layout'), '--full-names']);
  assert.equal(folder.code, 1);
  assert.match(folder.err, /is a folder; send a tar of it/);
});
