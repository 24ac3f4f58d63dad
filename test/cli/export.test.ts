import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { multiPlatform } from '../archive/make-image.ts';
import { makeTar } from '../archive/make-tar.ts';
import { readAll } from '../archive/read-archive.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import type { FakeUpstream } from '../helpers/fake-upstream.ts';
import { startMirror } from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';
import { ArchiveCommands, startHosted } from './archive-commands.ts';

/** An index of two platforms upstream; its digests. */
function addIndex({ content }: FakeUpstream, repository: string) {
  const children = ['amd64', 'arm64'].map((architecture) => {
    const platform = { os: 'linux', architecture };
    const image = content.addImage(repository, undefined, { platform, layers: [9_000, 100] });
    return { digest: image.manifestDigest, platform, image };
  });
  return { index: content.addIndex(repository, '1', children), children };
}

test('export here, import there: the same bytes under the same digests', async (t) => {
  const here = await startMirror(t);
  const there = await startHosted(t);
  const { index, children } = addIndex(here.upstream, 'library/app');
  const hosted = await pushImage(here.holdfast.url, 'team/own', '1', [6_000_000, 100]);
  const commands = await ArchiveCommands.for(t, here.holdfast);
  const images = ['app:1', 'team/own:1'];
  const { tar } = await commands.export(...images);
  for (const [path, input] of [
    [await commands.write('images.tar', tar), undefined],
    ['-', tar],
  ] as const) {
    const { code, err } = await commands.run(['import', path, '--server', there.url], input);
    assert.equal(code, 0, err);
  }
  for (const { digest } of children) {
    assert.equal((await pullImage(there.url, 'library/app', digest)).digest, digest);
  }
  const root = await there.fetch('/v2/library/app/manifests/1');
  assert.equal(root.headers.get('docker-content-digest'), index);
  assert.equal((await pullImage(there.url, 'team/own', '1')).digest, hosted.digest);
});

test('the same images give the same bytes, to a file and to stdout', async (t) => {
  const holdfast = await startHosted(t);
  await pushImage(holdfast.url, 'team/own', '1', [100_000, 100]);
  const commands = await ArchiveCommands.for(t, holdfast);
  const { tar } = await commands.export('team/own:1');
  const { out, code, err } = await commands.spawn(['export', 'team/own:1', '-o', '-']);
  assert.equal(code, 0, err);
  assert.ok(out.equals(tar));
});

function blobPath(digest = ''): string {
  return `blobs/${digest.replace(':', '/')}`;
}

test('what docker load reads: names, the config, the layers', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { children } = addIndex(upstream, 'library/app');
  const commands = await ArchiveCommands.for(t, holdfast);
  const { tar } = await commands.export('docker.io/library/app:1');
  const { images } = await readAll(tar, 'file');
  assert.deepEqual(images[0]?.names, ['docker.io/library/app:1']);
  const text = tar.toString('latin1');
  const [saved] = JSON.parse(/\[\{"Config":.*?\}\]/.exec(text)?.[0] ?? '[]') as [
    { Config: string; RepoTags: string[]; Layers: string[] },
  ];
  const amd64 = children[0]?.image;
  assert.deepEqual(saved, {
    Config: blobPath(amd64?.configDigest),
    RepoTags: ['app:1'],
    Layers: amd64?.layerDigests.map((digest) => blobPath(digest)),
  });
});

test('--platform: one is that image, and docker load gets it', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { children } = addIndex(upstream, 'library/app');
  const commands = await ArchiveCommands.for(t, holdfast);
  const { tar } = await commands.export('app:1', '--platform', 'linux/arm64');
  const { images } = await readAll(tar, 'file');
  assert.equal(images[0]?.root.digest, children[1]?.digest);
  const none = await commands.run([
    'export',
    'app:1',
    '-o',
    commands.path('x'),
    '-p',
    'linux/s390x',
  ]);
  assert.equal(none.code, 1);
  assert.match(none.err, /no such platform; it has linux\/amd64, linux\/arm64/);
});

test('a platform that cannot be had any more is left out, and told of', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { children } = addIndex(upstream, 'library/app');
  const amd64 = children[0]?.digest ?? '';
  await holdfast.fetch('/v2/library/app/manifests/1');
  await pullImage(holdfast.url, 'library/app', amd64);
  await upstream.stop();
  const commands = await ArchiveCommands.for(t, holdfast);
  const { tar, err } = await commands.export('app:1');
  assert.match(err, /app:1: linux\/arm64 cannot be had and is left out/);
  const { images } = await readAll(tar, 'file');
  assert.equal(images[0]?.root.digest, amd64);
});

test('an image by its digest has no name', async (t) => {
  const holdfast = await startHosted(t);
  const { digest } = await pushImage(holdfast.url, 'team/own', '1', [100]);
  const commands = await ArchiveCommands.for(t, holdfast);
  const { tar } = await commands.export(`team/own@${digest}`);
  const { images } = await readAll(tar, 'file');
  assert.deepEqual(images[0]?.names, []);
  assert.equal(images[0]?.root.digest, digest);
});

test('a name that begins with the registry', async (t) => {
  const holdfast = await startHosted(t);
  await pushImage(holdfast.url, 'team/own', '1', [100]);
  const { host } = new URL(holdfast.url);
  const commands = await ArchiveCommands.for(t, holdfast);
  const { tar } = await commands.export(`${host}/team/own:1`);
  const { images } = await readAll(tar, 'file');
  assert.deepEqual(images[0]?.names, [`${host}/team/own:1`]);
});

test('a failure leaves no file', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.content.addImage('library/app', '1', { layers: [100_000] });
  upstream.content.removeBlob(image.layerDigests[0]!);
  const commands = await ArchiveCommands.for(t, holdfast);
  const { code, err } = await commands.run(['export', 'app:1', '-o', commands.path('app.tar')]);
  assert.equal(code, 1);
  assert.match(err, /^holdfast: .*404/m);
  assert.deepEqual(await readdir(commands.folder), ['tmp']);
  const unknown = await commands.run(['export', 'nothing:1', '-o', commands.path('app.tar')]);
  assert.match(unknown.err, /there is no nothing:1/);
  upstream.content.addImage('library/other', '1');
  const nowhere = commands.path('none/app.tar');
  const folder = await commands.run(['export', 'other:1', '-o', nowhere]);
  assert.match(folder.err, /^holdfast: .*none: there is no such folder$/m);
});

test('an index of several platforms keeps its digest through a stream', async (t) => {
  const holdfast = await startHosted(t);
  const commands = await ArchiveCommands.for(t, holdfast);
  const { members } = multiPlatform(['amd64', 'arm64', 'riscv64']);
  await commands.run(['import', '-'], makeTar(members));
  const { tar } = await commands.export('team/app:1');
  const [before, after] = await Promise.all([
    readAll(makeTar(members), 'stream'),
    readAll(tar, 'stream'),
  ]);
  assert.equal(after.images[0]?.root.digest, before.images[0]?.root.digest);
  assert.deepEqual(after.blobs, before.blobs);
});

test('an index that is none is told in one sentence; a broken entry of one is left out', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { children } = addIndex(upstream, 'library/app');
  const broken = { schemaVersion: 2, manifests: [{ digest: children[0]?.digest, size: 1 }] };
  const digest = upstream.addManifest('library/app', 'broken', broken, MediaType.ociIndex);
  const commands = await ArchiveCommands.for(t, holdfast);
  const { code, err } = await commands.run(['export', 'app:broken', '-o', commands.path('x.tar')]);
  assert.equal(code, 1);
  assert.match(err, /^holdfast: .*is not what it should be: manifests\.0\.mediaType .*\n$/);
  const platform = { os: 'linux', architecture: 'riscv64' };
  upstream.addIndex('library/app', 'mixed', [...children, { digest, platform }]);
  const mixed = await commands.export('app:mixed');
  assert.match(mixed.err, /^app:mixed: linux\/riscv64 cannot be had and is left out$/m);
});
