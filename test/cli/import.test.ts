import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  dockerHybrid,
  dockerSave,
  makeImage,
  manifestOf,
  multiPlatform,
  ociArchive,
  sha256,
} from '../archive/make-image.ts';
import { makeTar } from '../archive/make-tar.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { FakeRegistry } from '../registry-client/fake-registry.ts';
import { ArchiveCommands, startHosted } from './archive-commands.ts';

// Larger than what a stream is held in memory for.
const image = makeImage('app', { bytes: 6_000_000 });
const tar = makeTar(dockerSave(image));
const DIGEST = `sha256:${sha256(manifestOf(image))}`;

async function catalog(holdfast: Holdfast): Promise<unknown> {
  return (await holdfast.fetch('/v2/_catalog')).json();
}

test('a file: the image can be pulled, with the digest that it has everywhere', async (t) => {
  const holdfast = await startHosted(t);
  const commands = await ArchiveCommands.for(t, holdfast);
  const file = await commands.write('app.tar', tar);
  const { code, out, err } = await commands.spawn(['import', file]);
  assert.equal(code, 0, err);
  assert.match(out.toString(), /^example\.com\/team\/app:1 → team\/app:1 {2}sha256:/);
  assert.match(out.toString(), /3 blobs sent, 0 there already/);
  assert.equal((await pullImage(holdfast.url, 'team/app', '1')).digest, DIGEST);
  const again = await commands.run(['import', file, '--json']);
  assert.deepEqual(JSON.parse(again.out.toString()), {
    registry: new URL(holdfast.url).host,
    images: [
      {
        names: ['example.com/team/app:1'],
        pushed: ['team/app:1'],
        digest: DIGEST,
        missing: [],
        referrers: 0,
      },
    ],
    blobs: { sent: 0, held: 3, mounted: 0 },
  });
  assert.deepEqual(await commands.leftovers(), []);
});

test('stdin, also compressed, also under another name', async (t) => {
  const holdfast = await startHosted(t);
  const commands = await ArchiveCommands.for(t, holdfast);
  for (const [input, args, repository] of [
    [tar, [], 'team/app'],
    [gzipSync(tar), ['--to', 'other/name:1'], 'other/name'],
    [makeTar(dockerHybrid(image)), ['--to', 'third:1'], 'third'],
  ] as const) {
    const { code, err } = await commands.spawn(['import', '-', ...args], input);
    assert.equal(code, 0, err);
    assert.equal((await pullImage(holdfast.url, repository, '1')).digest, DIGEST);
  }
  assert.deepEqual(await commands.leftovers(), []);
});

test('the folder of an OCI layout', async (t) => {
  const holdfast = await startHosted(t);
  const commands = await ArchiveCommands.for(t, holdfast);
  for (const member of ociArchive(image)) {
    if (!('content' in member)) continue;
    const path = join(commands.folder, 'layout', member.name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, member.content);
  }
  const { code, err } = await commands.run(['import', commands.path('layout'), '--to', 'team/app']);
  assert.equal(code, 0, err);
  const { digest } = await pullImage(holdfast.url, 'team/app', '1');
  assert.equal(digest, `sha256:${sha256(manifestOf(image, '+gzip'))}`);
});

test('an archive of a part of an index tells what is left out', async (t) => {
  const holdfast = await startHosted(t);
  const commands = await ArchiveCommands.for(t, holdfast);
  const { members } = multiPlatform(['amd64', 'riscv64']);
  const file = await commands.write('part.tar', makeTar(members));
  const { code, out, err } = await commands.run(['import', file]);
  assert.equal(code, 0, err);
  assert.match(out.toString(), /without linux\/arm64, not in the archive/);
  const answer = await holdfast.fetch('/v2/team/app/manifests/1');
  const index = (await answer.json()) as { manifests: { digest: string }[] };
  assert.equal(index.manifests.length, 2);
  for (const { digest } of index.manifests) await pullImage(holdfast.url, 'team/app', digest);
});

for (const kind of ['gzip', 'zstd'] as const) {
  test(`--compress ${kind}: smaller layers, the same config`, async (t) => {
    const holdfast = await startHosted(t);
    const commands = await ArchiveCommands.for(t, holdfast);
    for (const [path, input] of [
      [await commands.write('app.tar', tar), undefined],
      ['-', tar],
    ] as const) {
      const { code, err } = await commands.run(['import', path, '--compress', kind], input);
      assert.equal(code, 0, err);
      await pullImage(holdfast.url, 'team/app', '1');
      const manifest = (await (await holdfast.fetch('/v2/team/app/manifests/1')).json()) as {
        config: { digest: string };
        layers: { mediaType: string }[];
      };
      assert.equal(manifest.config.digest, `sha256:${sha256(image.config)}`);
      assert.ok(manifest.layers.every(({ mediaType }) => mediaType.endsWith(`+${kind}`)));
    }
  });
}

test('another registry, whose connections break', async (t) => {
  const holdfast = await startHosted(t);
  const commands = await ArchiveCommands.for(t, holdfast);
  const registry = await FakeRegistry.start(t, { cutUploads: [100_000, 200_000] });
  const file = await commands.write('app.tar', tar);
  const { host } = new URL(registry.url);
  const { code, err } = await commands.run(['import', file, '--registry', host]);
  assert.equal(code, 0, err);
  assert.deepEqual(registry.manifests.get('team/app:1')?.bytes, manifestOf(image));
  assert.deepEqual(await catalog(holdfast), { repositories: [] });
});

const DAMAGED = Buffer.from(tar);
// In the large layer.
DAMAGED[3_000_000] = (DAMAGED[3_000_000] ?? 0) + 1;

for (const way of ['file', 'stdin'] as const) {
  for (const [what, archive, message] of [
    ['a damaged layer', DAMAGED, /has the digest/],
    ['an archive that is cut', tar.subarray(0, 4_000_000), /cut short/],
    ['a name that climbs out', makeTar([{ name: '../x', content: '' }]), /leads out/],
  ] as const) {
    test(`${what} from a ${way}: told in a line, nothing tagged, nothing left`, async (t) => {
      const holdfast = await startHosted(t);
      const commands = await ArchiveCommands.for(t, holdfast);
      const path = way === 'file' ? await commands.write('bad.tar', archive) : '-';
      const { code, out, err } = await commands.spawn(
        ['import', path],
        way === 'file' ? undefined : archive,
      );
      assert.equal(code, 1);
      assert.equal(out.toString(), '');
      assert.match(err, /^holdfast: .*$/m);
      assert.match(err, message);
      assert.deepEqual(await catalog(holdfast), { repositories: [] });
      assert.deepEqual(await commands.leftovers(), []);
    });
  }
}

test('a stream whose goal is known is not kept, and damage in it is not stored', async (t) => {
  const holdfast = await startHosted(t);
  const commands = await ArchiveCommands.for(t, holdfast);
  const { code, err } = await commands.run(['import', '-', '--to', 'team/app:1'], DAMAGED);
  assert.equal(code, 1);
  assert.match(err, /has the digest/);
  assert.deepEqual(await catalog(holdfast), { repositories: [] });
});

test('usage', async (t) => {
  const commands = await ArchiveCommands.for(t, await startHosted(t));
  for (const args of [
    ['import'],
    ['import', 'x.tar', '--to', 'Not A Name'],
    ['import', 'x.tar', '--compress', 'xz'],
    ['import', 'x.tar', '--registry', 'https://me:secret@r.example'],
    ['export', 'app:1'],
    ['export', 'app:1', '-o', 'x.tar', '--platform', 'amd64'],
  ]) {
    assert.equal((await commands.run(args)).code, 2, args.join(' '));
  }
  const missing = await commands.run(['import', 'nowhere.tar']);
  assert.equal(missing.code, 1);
  assert.match(missing.err, /^holdfast: nowhere\.tar: there is no such file or folder$/m);
});
