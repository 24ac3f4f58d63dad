/** Layers in another compression: the same image, the same config, other digests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { decompress } from 'fzstd';
import { CompressLayers, type LayerCompression } from '../../src/archive/compress-layers.ts';
import { blobsOf, type ImageManifest } from '../../src/archive/image.ts';
import { readImages } from '../../src/archive/read-images.ts';
import { Spool } from '../../src/archive/spool.ts';
import { verifiedBytes } from '../../src/archive/verified-content.ts';
import {
  describe,
  dockerSave,
  type Image,
  makeImage,
  manifestOf,
  multiPlatform,
  ociArchive,
  sha256,
} from './make-image.ts';
import { makeTar, type Member } from './make-tar.ts';
import { type Way, WAYS, withArchive } from './read-archive.ts';

const image = makeImage('app', { bytes: 9_000_000 });
const UNPACK = { gzip: gunzipSync, zstd: decompress } as const;

interface Compressed {
  readonly root: ImageManifest;
  readonly blobs: ReadonlyMap<string, Buffer>;
}

function compressed(members: readonly Member[], to: LayerCompression, way: Way = 'file') {
  return withArchive(makeTar(members), way, async (archive): Promise<Compressed> => {
    const [first] = await readImages(archive);
    assert.ok(first);
    const spool = new Spool();
    try {
      const root = await new CompressLayers(to, spool).of(first.root);
      const blobs = new Map<string, Buffer>();
      for (const blob of blobsOf(root)) {
        const chunks: Uint8Array[] = [];
        for await (const chunk of verifiedBytes(blob)) chunks.push(chunk);
        blobs.set(blob.digest, Buffer.concat(chunks));
      }
      return { root, blobs };
    } finally {
      await spool.close();
    }
  });
}

function bodyOf({ bytes }: ImageManifest) {
  return JSON.parse(Buffer.from(bytes).toString()) as {
    config: { digest: string };
    layers: { digest: string; mediaType: string }[];
    manifests: { digest: string; mediaType: string }[];
  };
}

for (const to of ['gzip', 'zstd'] as const) {
  for (const way of WAYS) {
    test(`${to}: layers unpack to what they were, the config stays (${way})`, async () => {
      const { root, blobs } = await compressed(dockerSave(image), to, way);
      const { config, layers } = bodyOf(root);
      assert.deepEqual(blobs.get(config.digest), image.config);
      assert.deepEqual(
        layers.map(({ mediaType }) => mediaType),
        image.layers.map(() => `application/vnd.oci.image.layer.v1.tar+${to}`),
      );
      for (const [at, { digest }] of layers.entries()) {
        const unpacked = Buffer.from(UNPACK[to](blobs.get(digest) ?? Buffer.alloc(0)));
        assert.ok(unpacked.equals(image.layers[at] ?? Buffer.alloc(0)), `layer ${at}`);
      }
    });
  }

  test(`${to}: the same layers give the same digests, whatever they were packed in`, async () => {
    const from = await Promise.all([
      compressed(dockerSave(image), to),
      compressed(dockerSave(image), to, 'stream'),
    ]);
    const [first, second] = from.map(({ root }) => root.digest);
    assert.equal(first, second);
    if (to === 'gzip') return;
    const repacked = await compressed(ociArchive(image), to);
    assert.equal(repacked.root.digest, first);
  });
}

test('what is compressed that way already stays byte for byte', async () => {
  const { root } = await compressed(ociArchive(image), 'gzip');
  assert.equal(root.digest, `sha256:${sha256(manifestOf(image, '+gzip'))}`);
});

test('an index names the new manifests', async () => {
  const { members } = multiPlatform(['amd64', 'arm64', 'riscv64']);
  const { root } = await compressed(members, 'zstd');
  assert.deepEqual(
    bodyOf(root).manifests.map(({ digest }) => digest),
    root.children.map(({ digest }) => digest),
  );
  for (const child of root.children) {
    assert.match(bodyOf(child).layers[0]?.mediaType ?? '', /\+zstd$/);
  }
});

test('a layer that is not what the config says is refused', async () => {
  const other = makeImage('other');
  const wrong: Image = { config: image.config, layers: other.layers };
  const members = ociArchive(wrong).map((member) => member);
  await assert.rejects(compressed(members, 'zstd'), /has the diff_id sha256/);
});

test('what is no image is left alone', async () => {
  const config = Buffer.from('{}');
  const layer = Buffer.from('a chart');
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: describe(config, 'application/vnd.cncf.helm.config.v1+json'),
      layers: [describe(layer, 'application/vnd.cncf.helm.chart.content.v1.tar+gzip')],
    }),
  );
  const members = [config, layer, manifest].map((content): Member => ({
    name: `blobs/sha256/${sha256(content)}`,
    content,
  }));
  const layout: Member[] = [
    {
      name: 'index.json',
      content: JSON.stringify({
        schemaVersion: 2,
        manifests: [describe(manifest, 'application/vnd.oci.image.manifest.v1+json')],
      }),
    },
    { name: 'oci-layout', content: '{}' },
  ];
  const { root } = await compressed([...members, ...layout], 'zstd');
  assert.deepEqual(Buffer.from(root.bytes), manifest);
});
