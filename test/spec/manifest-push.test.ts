/** end-7a: the exact bytes come back, with the media type that they came with. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { describe, indexOf, pushBlob, pushSample, putManifest, sample } from './pushing.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const REPOSITORY = 'pushed/app';
const base = await pushSample(holdfast, REPOSITORY, 'base');
const json = JSON.parse(base.manifest.toString()) as Record<string, unknown>;
const empty = Buffer.from('{}');
await pushBlob(holdfast, REPOSITORY, empty);
const EMPTY = describe(empty, 'application/vnd.oci.empty.v1+json');
const digest512 = await pushBlob(holdfast, REPOSITORY, base.layer, 'sha512');

const image = (extra: object): object => ({ ...json, ...extra });
const docker = {
  schemaVersion: 2,
  mediaType: MediaType.dockerManifest,
  config: describe(base.config, 'application/vnd.docker.container.image.v1+json'),
  layers: [describe(base.layer, 'application/vnd.docker.image.rootfs.diff.tar.gzip')],
};
const nested = indexOf([base.manifest]);
const FOREIGN = { digest: `sha256:${'f'.repeat(64)}`, size: 1_000 };
const nondistributable = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';

const manifests: [title: string, content: object | string, type: string][] = [
  ['an image', image({ annotations: { note: 'plain' } }), MediaType.ociManifest],
  ['an image without mediaType', image({ mediaType: undefined }), MediaType.ociManifest],
  ['a Docker image', docker, MediaType.dockerManifest],
  ['an image without layers', image({ layers: [] }), MediaType.ociManifest],
  ['an image with unknown fields', image({ custom: [1, { deep: null }] }), MediaType.ociManifest],
  ['odd white space', `\n  ${JSON.stringify(json, null, '\t')}\r\n \n`, MediaType.ociManifest],
  [
    'escapes and doubled keys',
    JSON.stringify(json).replace('{', '{"a":"\\u00e9","a":"é",'),
    MediaType.ociManifest,
  ],
  [
    'an artifact',
    image({ artifactType: 'application/vnd.example+json', config: EMPTY, layers: [EMPTY] }),
    MediaType.ociManifest,
  ],
  [
    'a config of any type',
    image({ config: { ...EMPTY, mediaType: 'application/x-whatever' } }),
    MediaType.ociManifest,
  ],
  [
    'a layer named by sha512',
    image({ layers: [{ ...describe(base.layer), digest: digest512 }] }),
    MediaType.ociManifest,
  ],
  ['data in a descriptor', image({ config: { ...EMPTY, data: 'e30=' } }), MediaType.ociManifest],
  [
    'the same layer many times',
    image({ layers: [1, 2, 3].map(() => describe(base.layer)) }),
    MediaType.ociManifest,
  ],
  [
    'a foreign layer that was never pushed',
    image({
      layers: [{ ...FOREIGN, mediaType: nondistributable, urls: ['https://example.com/x'] }],
    }),
    MediaType.ociManifest,
  ],
  [
    'a Docker foreign layer',
    {
      ...docker,
      layers: [
        {
          ...FOREIGN,
          mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
          urls: ['https://example.com/x'],
        },
      ],
    },
    MediaType.dockerManifest,
  ],
  ['an index', indexOf([base.manifest]), MediaType.ociIndex],
  [
    'an index without mediaType',
    indexOf([base.manifest], { mediaType: undefined }),
    MediaType.ociIndex,
  ],
  ['an empty index', indexOf([]), MediaType.ociIndex],
  [
    'an artifact index',
    indexOf([], { artifactType: 'application/vnd.example+json' }),
    MediaType.ociIndex,
  ],
  ['a Docker list', { ...nested, mediaType: MediaType.dockerList }, MediaType.dockerList],
];

async function assertStored(reference: string, content: Buffer, type: string): Promise<void> {
  const digest = digestOf(content);
  for (const by of [reference, digest]) {
    const path = `/v2/${REPOSITORY}/manifests/${by}`;
    const get = await holdfast.fetch(path, { headers: { Accept: type } });
    assert.equal(get.status, 200);
    assert.equal(get.headers.get('content-type'), type);
    assert.equal(get.headers.get('docker-content-digest'), digest);
    assert.equal(get.headers.get('content-length'), String(content.byteLength));
    assert.deepEqual(Buffer.from(await get.arrayBuffer()), content);
  }
}

for (const [index, [title, manifest, type]] of manifests.entries()) {
  const content = Buffer.from(typeof manifest === 'string' ? manifest : JSON.stringify(manifest));

  test(`${title} is stored byte for byte under a tag`, async () => {
    const tag = `form-${index}`;
    const put = await putManifest(holdfast, REPOSITORY, tag, content, type);
    assert.equal(put.status, 201, await put.text());
    assert.equal(put.headers.get('location'), `/v2/${REPOSITORY}/manifests/${tag}`);
    assert.equal(put.headers.get('docker-content-digest'), digestOf(content));
    await assertStored(tag, content, type);
  });

  test(`${title} is stored byte for byte under its digest`, async () => {
    const digest = digestOf(content);
    const put = await putManifest(holdfast, REPOSITORY, digest, content, type);
    assert.equal(put.status, 201, await put.text());
    assert.equal(put.headers.get('location'), `/v2/${REPOSITORY}/manifests/${digest}`);
    assert.equal(put.headers.get('docker-content-digest'), digest);
    await assertStored(digest, content, type);
  });
}

test('an index may name an index', async () => {
  const inner = Buffer.from(JSON.stringify(nested));
  await putManifest(holdfast, REPOSITORY, digestOf(inner), inner, MediaType.ociIndex);
  const outer = Buffer.from(
    JSON.stringify(indexOf([], { manifests: [describe(inner, MediaType.ociIndex)] })),
  );
  const put = await putManifest(holdfast, REPOSITORY, 'nested', outer, MediaType.ociIndex);
  assert.equal(put.status, 201);
  await assertStored('nested', outer, MediaType.ociIndex);
});

test('a manifest may be pushed under its sha512, and answers with it', async () => {
  const { manifest } = sample(`${REPOSITORY}:base`, { note: 'sha512' });
  const digest = digestOf(manifest, 'sha512');
  const put = await putManifest(holdfast, REPOSITORY, digest, manifest);
  assert.equal(put.status, 201, await put.text());
  assert.equal(put.headers.get('docker-content-digest'), digest);
  for (const method of ['GET', 'HEAD']) {
    const answer = await send(holdfast, method, `/v2/${REPOSITORY}/manifests/${digest}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('docker-content-digest'), digest);
    assert.equal(answer.headers.get('content-length'), String(manifest.byteLength));
  }
});

const contentTypes: [title: string, sent: string | null, content: object][] = [
  ['with parameters', `${MediaType.ociManifest}; charset=utf-8`, image({ n: 1 })],
  ['in capitals', MediaType.ociManifest.toUpperCase(), image({ n: 2 })],
  ['missing, the body says it', null, image({ n: 3 })],
  ['generic, the body says it', 'application/octet-stream', image({ n: 4 })],
  ['missing, the shape says it', null, image({ n: 5, mediaType: undefined })],
];
for (const [index, [title, sent, content]] of contentTypes.entries()) {
  test(`a Content-Type ${title} is answered as the bare media type`, async () => {
    const body = JSON.stringify(content);
    const path = `/v2/${REPOSITORY}/manifests/type-${index}`;
    const headers = sent === null ? {} : { 'Content-Type': sent };
    assert.equal((await send(holdfast, 'PUT', path, { headers, body })).status, 201);
    const get = await holdfast.fetch(path);
    assert.equal(get.headers.get('content-type'), MediaType.ociManifest);
    assert.equal(await get.text(), body);
  });
}

test('pushing the same manifest again is fine', async () => {
  for (const reference of ['base', 'base', base.digest, 'other', base.digest]) {
    const put = await putManifest(holdfast, REPOSITORY, reference, base.manifest);
    assert.equal(put.status, 201);
  }
  await assertStored('other', base.manifest, MediaType.ociManifest);
});

test('a manifest is only there where it was pushed', async () => {
  await pushSample(holdfast, 'neighbour', 'own');
  const head = await send(holdfast, 'HEAD', `/v2/neighbour/manifests/${base.digest}`);
  assert.equal(head.status, 404);
});
