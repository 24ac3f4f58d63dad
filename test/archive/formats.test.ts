/** Every age and kind of archive gives the same image, as a file that is sought in and as a stream. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { zstdCompressed } from '../../src/archive/zstd-compress.ts';
import {
  ancientSave,
  dockerHybrid,
  dockerSave,
  makeImage,
  manifestOf,
  multiPlatform,
  NAME,
  ociArchive,
  sha256,
  skopeoDockerArchive,
} from './make-image.ts';
import { makeTar, type Member } from './make-tar.ts';
import { chunked, readAll, WAYS } from './read-archive.ts';

const image = makeImage();
const DIGEST = `sha256:${sha256(manifestOf(image))}`;

const SAME: readonly (readonly [string, readonly Member[]])[] = [
  ['docker save, a folder for each layer', dockerSave(image)],
  ['docker save since 25', dockerHybrid(image)],
  ["skopeo's docker-archive, layers behind links", skopeoDockerArchive(image)],
  ['hard links in the place of layers', withHardLinks(dockerSave(image))],
  ['names that begin with ./', dockerSave(image).map(dotted)],
];

function dotted(member: Member): Member {
  return 'raw' in member ? member : { ...member, name: `./${member.name}` };
}

/** GNU tar writes a file that it has met before as a link. */
function withHardLinks(members: readonly Member[]): Member[] {
  return members.flatMap((member, at): Member[] =>
    'content' in member && member.name.endsWith('layer.tar')
      ? [
          { name: `copy${at}`, content: member.content },
          { name: member.name, link: `copy${at}` },
        ]
      : [member],
  );
}

for (const way of WAYS) {
  for (const [what, members] of SAME) {
    test(`${what}: the manifest that Docker itself would make of it (${way})`, async () => {
      const { images, blobs } = await readAll(makeTar(members), way);
      assert.equal(images.length, 1);
      assert.deepEqual(images[0]?.names, [NAME]);
      assert.equal(images[0]?.root.digest, DIGEST);
      assert.deepEqual(Buffer.from(images[0]?.root.bytes ?? []), manifestOf(image));
      for (const content of [image.config, ...image.layers]) {
        assert.deepEqual(blobs.get(`sha256:${sha256(content)}`), content);
      }
      assert.equal(blobs.size, 3);
    });
  }

  test(`docker save before 1.10 gets the config that Docker makes when it loads it (${way})`, async () => {
    const { images, blobs } = await readAll(makeTar(ancientSave(image)), way);
    assert.deepEqual(images[0]?.names, [NAME]);
    const manifest = parse(images[0]?.root.bytes) as { config: { digest: string } };
    const config = parse(blobs.get(manifest.config.digest)) as Record<string, unknown>;
    assert.deepEqual(config, {
      architecture: 'amd64',
      config: { Cmd: ['/bin/app'] },
      container_config: { Cmd: ['/bin/sh', '-c', '#(nop) ADD 1'] },
      created: '2015-02-01T00:00:00Z',
      history: [
        { created: '2015-01-01T00:00:00Z', created_by: '/bin/sh -c #(nop) ADD 0' },
        { created: '2015-02-01T00:00:00Z', created_by: '/bin/sh -c #(nop) ADD 1' },
      ],
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: image.layers.map((layer) => `sha256:${sha256(layer)}`) },
    });
    assert.deepEqual(Object.keys(config), Object.keys(config).toSorted());
  });

  test(`an OCI layout with compressed layers comes byte for byte, with its tag alone (${way})`, async () => {
    const { images, blobs } = await readAll(makeTar(ociArchive(image)), way);
    assert.deepEqual(images[0]?.names, [':1']);
    const expected = manifestOf(image, '+gzip');
    assert.deepEqual(Buffer.from(images[0]?.root.bytes ?? []), expected);
    const layer = gzipSync(image.layers[0] ?? '');
    assert.deepEqual(blobs.get(`sha256:${sha256(layer)}`), layer);
  });

  test(`a docker-archive may hold compressed layers, as kaniko and bazel write it (${way})`, async () => {
    const members = dockerSave(image).map((member) =>
      'content' in member && member.name.endsWith('layer.tar')
        ? { ...member, content: gzipSync(member.content) }
        : member,
    );
    const { images } = await readAll(makeTar(members), way);
    assert.deepEqual(Buffer.from(images[0]?.root.bytes ?? []), manifestOf(image, '+gzip'));
  });

  test(`several images in one archive, one of them with two names (${way})`, async () => {
    const other = makeImage('other');
    const second = dockerSave(other, ['b/other:1', 'b/other:latest']);
    const manifests = [...dockerSave(image), ...second].flatMap((member) =>
      'content' in member && member.name === 'manifest.json'
        ? (JSON.parse(member.content.toString()) as unknown[])
        : [],
    );
    const rest = [...dockerSave(image), ...second].filter(
      (member) => !('name' in member && /^(?:manifest\.json|repositories)$/.test(member.name)),
    );
    const tar = makeTar([...rest, { name: 'manifest.json', content: JSON.stringify(manifests) }]);
    const { images } = await readAll(tar, way);
    assert.deepEqual(
      images.map(({ names }) => names),
      [[NAME], ['b/other:1', 'b/other:latest']],
    );
    assert.equal(images[1]?.root.digest, `sha256:${sha256(manifestOf(other))}`);
  });

  test(`an index comes whole (${way})`, async () => {
    const { members, index } = multiPlatform(['amd64', 'arm64', 'riscv64']);
    const { images, blobs } = await readAll(makeTar(members), way);
    assert.equal(images[0]?.root.digest, `sha256:${sha256(index)}`);
    assert.equal(images[0]?.root.children.length, 3);
    assert.equal(blobs.size, 9);
    assert.deepEqual(images[0]?.missing, []);
  });

  test(`an index whose platforms are not all there is made smaller (${way})`, async () => {
    const { members, index } = multiPlatform(['amd64', 'riscv64']);
    const { images } = await readAll(makeTar(members), way);
    assert.deepEqual(images[0]?.missing, ['linux/arm64']);
    const whole = JSON.parse(index.toString()) as { manifests: { platform: object }[] };
    assert.deepEqual(parse(images[0]?.root.bytes), {
      ...whole,
      manifests: [whole.manifests[0], whole.manifests[2]],
    });
  });

  test(`an index with one platform left is that image (${way})`, async () => {
    const { members, manifests } = multiPlatform(['arm64']);
    const { images } = await readAll(makeTar(members), way);
    assert.equal(images[0]?.root.digest, `sha256:${sha256(manifests['arm64'] ?? '')}`);
    assert.deepEqual(images[0]?.missing, ['linux/amd64', 'linux/riscv64']);
  });

  test(`gzip and zstd around the archive (${way})`, async () => {
    const tar = makeTar(dockerSave(image));
    const zstd: Uint8Array[] = [];
    for await (const frame of zstdCompressed(chunked(tar))) zstd.push(frame);
    for (const compressed of [gzipSync(tar), Buffer.concat(zstd)]) {
      const { images } = await readAll(compressed, way);
      assert.equal(images[0]?.root.digest, DIGEST);
    }
  });
}

test('names of more than 100 characters, in pax and GNU headers', async () => {
  const long = `${'x'.repeat(130)}/layer.tar`;
  const [config = { name: '', content: '' }, ...rest] = dockerSave(image);
  const renamed = rest.map((member): Member => {
    if (!('content' in member)) return member;
    if (member.name === 'manifest.json') {
      const [saved] = JSON.parse(member.content.toString()) as [{ Layers: string[] }];
      saved.Layers[0] = long;
      return { ...member, content: JSON.stringify([saved]) };
    }
    return member.content === image.layers[0] ? { ...member, name: long } : member;
  });
  const gnu = renamed.flatMap((member): Member[] =>
    'content' in member && member.name === long
      ? [
          {
            raw: { path: '././@LongLink', type: 'NextFileHasLongPath', size: long.length + 1 },
            body: Buffer.from(`${long}\0`),
          },
          {
            raw: { path: long.slice(0, 99), type: 'File', size: member.content.length },
            body: Buffer.from(member.content),
          },
        ]
      : [member],
  );
  for (const members of [renamed, gnu]) {
    const { images } = await readAll(makeTar([config, ...members]), 'file');
    assert.equal(images[0]?.root.digest, DIGEST);
  }
});

function parse(bytes: Uint8Array | undefined): unknown {
  return JSON.parse(Buffer.from(bytes ?? []).toString());
}

test('what is no archive of images says so', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url));
  for (const way of WAYS) {
    await assert.rejects(readAll(readme, way), /this is no tar archive/);
    await assert.rejects(readAll(Buffer.alloc(0), way), /this is no image archive/);
    await assert.rejects(
      readAll(makeTar([{ name: 'hello', content: 'x' }]), way),
      /this is no image archive: it has neither index\.json/,
    );
  }
});
