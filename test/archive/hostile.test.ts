/** Archives that mean harm, or are broken: a clear error, and nothing believed. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ArchiveError } from '../../src/archive/archive-error.ts';
import { decompressed } from '../../src/archive/decompress.ts';
import { indexFolder } from '../../src/archive/index-folder.ts';
import { MAX_ENTRIES } from '../../src/archive/limits.ts';
import { readTarStream } from '../../src/archive/read-tar-stream.ts';
import { Spool } from '../../src/archive/spool.ts';
import {
  ancientSave,
  describe,
  dockerHybrid,
  dockerSave,
  INDEX_TYPE,
  layoutOf,
  makeImage,
  ociArchive,
  sha256,
  skopeoDockerArchive,
} from './make-image.ts';
import { makeTar, type Member } from './make-tar.ts';
import { chunked, readAll, WAYS } from './read-archive.ts';

const image = makeImage();
const good = dockerSave(image);

/** The archive with another content under a name. */
function changed(members: readonly Member[], name: RegExp, to: string | Buffer): Member[] {
  return members.map((member) =>
    'content' in member && name.test(member.name) ? { ...member, content: to } : member,
  );
}

function withoutEntry(members: readonly Member[], name: RegExp): Member[] {
  return members.filter((member) => !('name' in member && name.test(member.name)));
}

const otherLayer = makeTar([{ name: 'evil', content: 'x' }]);
const manifestJson = (value: unknown): Member[] =>
  changed(good, /^manifest\.json$/, JSON.stringify(value));

const BROKEN: readonly (readonly [string, readonly Member[] | Buffer, RegExp])[] = [
  [
    'a name that climbs out',
    [...good, { name: '../evil', content: 'x' }],
    /leads out of the archive/,
  ],
  ['a name that climbs in the middle', [{ name: 'a/../../evil', content: 'x' }], /leads out/],
  ['an absolute name', [...good, { name: '/etc/passwd', content: 'x' }], /absolute name/],
  [
    'a symlink out of the tree',
    [{ name: 'a/layer.tar', symlink: '../../etc/passwd' }],
    /leads out/,
  ],
  ['an absolute symlink', [{ name: 'layer.tar', symlink: '/etc/passwd' }], /leads out/],
  ['a hard link out of the tree', [{ name: 'layer.tar', link: '../etc/passwd' }], /leads out/],
  [
    'links in a circle',
    [
      ...withoutEntry(skopeoDockerArchive(image), /^old0/),
      { name: 'old0/layer.tar', symlink: '../round' },
      { name: 'round', symlink: 'old0/layer.tar' },
    ],
    /do not end/,
  ],
  [
    'a link to nothing',
    [
      ...withoutEntry(skopeoDockerArchive(image), /^old0/),
      { name: 'old0/layer.tar', symlink: '../nothing' },
    ],
    /lacks "old0\/layer\.tar"/,
  ],
  ['a device', [{ raw: { path: 'sda', type: 'BlockDevice', size: 0 } }], /neither a file/],
  ['the same name twice', [...good, { name: 'manifest.json', content: '[]' }], /two entries/],
  ['the same name in two spellings', [...good, { name: './manifest.json', content: '[]' }], /two/],
  ['the end missing', makeTar(good).subarray(0, 9_000), /cut short/],
  ['a header cut through', makeTar(good).subarray(0, 10_000 - (10_000 % 512) + 100), /cut short/],
  ['a damaged header', damaged(makeTar(good)), /is damaged/],
  [
    'a size that reaches beyond the end',
    [{ raw: { path: 'layer.tar', type: 'File', size: 2 ** 40 }, body: Buffer.alloc(512) }],
    /cut short/,
  ],
  [
    'an extended header without end',
    [{ raw: { path: 'x', type: 'ExtendedHeader', size: 2 ** 33 } }],
    /extended header without end/,
  ],
  ['a layer that is another', changed(good, /layer\.tar$/, otherLayer), /has the digest sha256/],
  [
    'a layer that is another, in an OCI layout',
    changed(ociArchive(image), new RegExp(sha256(gzipSync(image.layers[0] ?? ''))), otherLayer),
    /has the digest|should have/,
  ],
  ['a config that is another', changed(good, /^[a-f0-9]{64}\.json$/, '{}'), /has the digest/],
  [
    'a manifest that is another',
    changed(dockerHybrid(image), /blobs.*/, 'x'),
    /has the digest|should have/,
  ],
  ['a layer missing', withoutEntry(good, /layer\.tar$/), /lacks ".*layer\.tar"/],
  ['a config missing', withoutEntry(good, /^[a-f0-9]{64}\.json$/), /lacks/],
  [
    'a blob missing in an OCI layout',
    withoutEntry(ociArchive(image), new RegExp(sha256(image.config))),
    /lacks sha256/,
  ],
  [
    'sizes in a manifest that are not so',
    [
      ...ociArchive(image).slice(0, -2),
      ...layoutOf([{ manifest: lyingManifest() }]),
      { name: `blobs/sha256/${sha256(lyingManifest())}`, content: lyingManifest() },
    ],
    /should have 7 bytes/,
  ],
  ['no images', manifestJson([]), /no image/],
  ['a manifest.json that is none', manifestJson({ hello: 1 }), /not what it should be/],
  ['a manifest.json that is no JSON', changed(good, /^manifest\.json$/, '{'), /not valid JSON/],
  [
    'more layers in the config than in the archive',
    manifestJson([{ Config: `${sha256(image.config)}.json`, Layers: [] }]),
    /of 2 layers, and the archive lists 0/,
  ],
  [
    'a config outside of the archive',
    manifestJson([{ Config: '../../etc/shadow', Layers: [] }]),
    /leads out/,
  ],
  [
    'parents in a circle',
    ancientSave(image).map((member, at, all) =>
      at === 1 && 'content' in member
        ? { ...member, content: JSON.stringify({ parent: idOf(all[4]) }) }
        : member,
    ),
    /more than 1024 layers/,
  ],
  ['a parent outside of the archive', ancientParent('../../../etc'), /leads out/],
  ['indexes inside of indexes without end', nestedIndexes(12), /nested too deep/],
  ['bzip2', Buffer.from('BZh91AY&SY......'), /bzip2 or xz/],
  ['gzip that is cut', gzipSync(makeTar(good)).subarray(0, -2_000), /gzip stream is damaged|cut/],
  ['gzip with a wrong sum', badSum(gzipSync(makeTar(good))), /gzip stream is damaged/],
  ['zstd that is none', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 9, 9, 9, 9]), /zstd/],
  [
    // One segment, its size in eight bytes: 4 GiB, all of which a decoder would allocate.
    'zstd that asks for gigabytes',
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]),
    /window of 4294967296 bytes/,
  ],
];

function damaged(tar: Buffer): Buffer {
  const bytes = Buffer.from(tar);
  // In the checksum of the second header.
  const second = 512 + Math.ceil(image.config.byteLength / 512) * 512;
  bytes[second + 150] = 0x37;
  bytes[second + 151] = 0x31;
  return bytes;
}

function badSum(gzip: Buffer): Buffer {
  const bytes = Buffer.from(gzip);
  bytes.writeUInt32LE(1, bytes.byteLength - 8);
  return bytes;
}

function lyingManifest(): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: {
        ...describe(image.config, 'application/vnd.oci.image.config.v1+json'),
        size: 7,
      },
      layers: [],
    }),
  );
}

function idOf(member: Member | undefined): string {
  return member && 'name' in member ? (member.name.split('/')[0] ?? '') : '';
}

function ancientParent(parent: string): Member[] {
  return changed(ancientSave(image), /\/json$/, JSON.stringify({ parent }));
}

function nestedIndexes(depth: number): Member[] {
  const members: Member[] = [];
  let inner = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [] }));
  for (let level = 0; level < depth; level++) {
    members.push({ name: `blobs/sha256/${sha256(inner)}`, content: inner });
    inner = Buffer.from(
      JSON.stringify({ schemaVersion: 2, manifests: [describe(inner, INDEX_TYPE)] }),
    );
  }
  return [
    ...members,
    { name: `blobs/sha256/${sha256(inner)}`, content: inner },
    ...layoutOf([{ manifest: inner, mediaType: INDEX_TYPE }]),
  ];
}

/** Empty files, one more than are taken. */
function tooMany(): Buffer {
  const one = makeTar([{ name: '', content: '' }]).subarray(0, 512);
  // The sum of all bytes, its own eight as if they were blanks.
  const rest = one.fill(' ', 148, 156).reduce((total, byte) => total + byte, 0);
  const headers = Array.from({ length: MAX_ENTRIES + 1 }, (_, at) => {
    const header = Buffer.from(one);
    const name = Buffer.from(`x${at}`);
    name.copy(header);
    const sum = name.reduce((total, byte) => total + byte, rest);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return header;
  });
  return Buffer.concat(headers);
}

for (const way of WAYS) {
  for (const [what, archive, message] of BROKEN) {
    test(`${what} (${way})`, async () => {
      const tar = Buffer.isBuffer(archive) ? archive : makeTar(archive);
      await assert.rejects(readAll(tar, way), (error: unknown) => {
        assert.ok(error instanceof ArchiveError, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test(`many images of one large config (${way})`, async () => {
    const config = JSON.stringify({ rootfs: {}, note: 'x'.repeat(4_000_000) });
    const images = Array.from({ length: 1_000 }, () => ({ Config: 'config', RepoTags: ['a:1'] }));
    const tar = makeTar([
      { name: 'config', content: config },
      { name: 'manifest.json', content: JSON.stringify(images) },
    ]);
    await assert.rejects(readAll(tar, way), /more than 67108864 bytes of JSON together/);
  });

  test(`many old images of one large config (${way})`, async () => {
    const ids = Array.from({ length: 100 }, (_, at) => `id${at}`);
    const names = Object.fromEntries(ids.map((id) => [id, id]));
    const tar = makeTar([
      { name: 'json', content: JSON.stringify({ note: 'x'.repeat(4_000_000) }) },
      { name: 'layer.tar', content: '' },
      ...ids.flatMap((id): Member[] => [
        { name: `${id}/json`, symlink: '../json' },
        { name: `${id}/layer.tar`, symlink: '../layer.tar' },
      ]),
      { name: 'repositories', content: JSON.stringify({ a: names }) },
    ]);
    await assert.rejects(readAll(tar, way), /more than 67108864 bytes of JSON together/);
  });

  test(`more entries than anybody needs (${way})`, async () => {
    await assert.rejects(readAll(tooMany(), way), /more than 65536 entries/);
  });
}

test('many old images on one long chain', async () => {
  const ids = Array.from({ length: 1_000 }, (_, at) => `id${at}`);
  const names = Object.fromEntries(ids.map((id) => [id, id]));
  const tar = makeTar([
    { name: 'layer.tar', content: '' },
    ...ids.flatMap((id, at): Member[] => [
      { name: `${id}/json`, content: JSON.stringify({ parent: ids[at - 1] }) },
      { name: `${id}/layer.tar`, symlink: '../layer.tar' },
    ]),
    { name: 'repositories', content: JSON.stringify({ a: names }) },
  ]);
  await assert.rejects(readAll(tar, 'stream'), /more than 65536 layers together/);
});

/** Zeros, compressed a thousand times, for ever. */
async function* bomb(): AsyncGenerator<Uint8Array> {
  const zeros = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  for (;;) yield zeros;
}

test('a bomb is given up when it has filled what may be spooled', async () => {
  const size = 2 ** 40;
  const header = makeTar([{ raw: { path: 'layer.tar', type: 'File', size } }]).subarray(0, -1024);
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield gzipSync(header);
    yield* bomb();
  };
  const spool = new Spool(100_000_000);
  try {
    await assert.rejects(
      readTarStream(source(), () => Promise.resolve(spool)),
      /more than 100000000 bytes would have to be spooled/,
    );
  } finally {
    await spool.close();
  }
});

async function readBomb(): Promise<void> {
  for await (const chunk of decompressed(bomb(), 'gzip', 100_000_000)) void chunk;
}

test('a bomb is given up when it has grown too much', async () => {
  await assert.rejects(readBomb(), /compressed bytes have grown to more than \d+: a bomb/);
});

test('links of folders: inside they are followed, in circles and out of it they are not', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const layout = join(folder, 'layout');
  await mkdir(join(layout, 'real/sha256'), { recursive: true });
  await writeFile(join(layout, 'real/sha256/x'), 'x');
  await symlink('real', join(layout, 'blobs'));
  for (const name of ['one', 'two', 'three', 'real/four', 'real/five']) {
    await symlink(layout, join(layout, name));
  }
  const archive = await indexFolder(layout);
  for (const name of ['real/sha256/x', 'blobs/sha256/x']) assert.ok(archive.has(name), name);
  assert.ok(!archive.has('one/real/sha256/x'));
  await symlink('/', join(layout, 'root'));
  await assert.rejects(indexFolder(layout), /leads out of the folder/);
});

test('folders that lead to each other in very many ways', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const names = Array.from({ length: 12 }, (_, at) => `folder${at}`);
  for (const name of names) {
    await mkdir(join(folder, name));
    for (const other of names) await symlink(`../${other}`, join(folder, name, `to-${other}`));
  }
  await assert.rejects(indexFolder(folder), /more than 65536 entries/);
});

test('links out of a folder', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'layout/blobs'), { recursive: true });
  await writeFile(join(folder, 'secret'), 'x');
  await symlink('../../secret', join(folder, 'layout/blobs/stolen'));
  await assert.rejects(indexFolder(join(folder, 'layout')), /leads out of the folder/);
});

async function* brokenPipe(): AsyncGenerator<Uint8Array> {
  yield* chunked(makeTar(good).subarray(0, 5_000));
  throw new Error('the pipe broke');
}

test('a stream that fails is that failure', async () => {
  const spool = new Spool();
  await assert.rejects(
    readTarStream(brokenPipe(), () => Promise.resolve(spool)),
    /the pipe broke/,
  );
  await spool.close();
});
