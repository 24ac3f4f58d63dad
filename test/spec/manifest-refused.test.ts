/** end-7a: manifests that are refused, and with which code. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { describe, indexOf, pushSample, putManifest, sample } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const REPOSITORY = 'refused';
const base = await pushSample(holdfast, REPOSITORY, 'base');
const json = JSON.parse(base.manifest.toString()) as Record<string, unknown>;
const DESCRIPTOR = describe(base.layer);

const invalid: [title: string, content: string | object, type: string | null][] = [
  ['no JSON', 'not json', MediaType.ociManifest],
  ['nothing', '', MediaType.ociManifest],
  ['cut JSON', base.manifest.toString().slice(0, -5), MediaType.ociManifest],
  ['a list', '[]', MediaType.ociManifest],
  ['null', 'null', MediaType.ociManifest],
  ['a text', '"manifest"', MediaType.ociManifest],
  ['an empty object without a type', {}, null],
  ['an image without config', { ...json, config: undefined }, MediaType.ociManifest],
  ['an image without layers', { ...json, layers: undefined }, MediaType.ociManifest],
  ['layers that are no list', { ...json, layers: {} }, MediaType.ociManifest],
  ['a layer without digest', { ...json, layers: [{ size: 1 }] }, MediaType.ociManifest],
  [
    'a layer with a bad digest',
    { ...json, layers: [{ ...DESCRIPTOR, digest: 'sha256:../../x' }] },
    MediaType.ociManifest,
  ],
  [
    'a layer without size',
    { ...json, layers: [{ ...DESCRIPTOR, size: undefined }] },
    MediaType.ociManifest,
  ],
  [
    'a layer of negative size',
    { ...json, layers: [{ ...DESCRIPTOR, size: -1 }] },
    MediaType.ociManifest,
  ],
  ['a layer that is null', { ...json, layers: [null] }, MediaType.ociManifest],
  ['a subject that is no descriptor', { ...json, subject: 'sha256:abc' }, MediaType.ociManifest],
  [
    'an index without manifests',
    { schemaVersion: 2, mediaType: MediaType.ociIndex },
    MediaType.ociIndex,
  ],
  ['an image sent as an index', json, MediaType.ociIndex],
  ['an index sent as an image', indexOf([base.manifest]), MediaType.ociManifest],
  ['manifests and layers at once', { ...json, manifests: [] }, MediaType.ociManifest],
  ['manifests and layers at once, as an index', { ...indexOf([]), layers: [] }, MediaType.ociIndex],
  [
    'a mediaType that is not the Content-Type',
    { ...json, mediaType: MediaType.dockerManifest },
    MediaType.ociManifest,
  ],
  ['a mediaType that is no text', { ...json, mediaType: 5 }, MediaType.ociManifest],
  [
    'schema version 1',
    { schemaVersion: 1, name: 'a', tag: 'b', fsLayers: [], history: [] },
    'application/vnd.docker.distribution.manifest.v1+json',
  ],
  [
    'signed schema version 1',
    { schemaVersion: 1, fsLayers: [] },
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
  ],
  ['schema version 1 in disguise', { ...json, schemaVersion: 1 }, MediaType.ociManifest],
  ['a type that is no manifest', base.config.toString(), 'text/html'],
];

async function assertAbsent(reference: string): Promise<void> {
  const head = await send(holdfast, 'HEAD', `/v2/${REPOSITORY}/manifests/${reference}`);
  assert.equal(head.status, 404);
}

for (const [index, [title, content, type]] of invalid.entries()) {
  test(`${title} is no manifest`, async () => {
    const put = await putManifest(holdfast, REPOSITORY, `invalid-${index}`, content, type);
    await refusal(put, 400, 'MANIFEST_INVALID');
    await assertAbsent(`invalid-${index}`);
  });
}

test('bytes that are no UTF-8 are no manifest', async () => {
  const content = Buffer.concat([
    Buffer.from('{"a":"'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}'),
  ]);
  await refusal(await putManifest(holdfast, REPOSITORY, 'utf8', content), 400, 'MANIFEST_INVALID');
});

test('a manifest under another digest than its own is refused', async () => {
  const { manifest, digest } = sample('another');
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const other = digestOf(Buffer.from('x'), algorithm);
    await refusal(await putManifest(holdfast, REPOSITORY, other, manifest), 400, 'DIGEST_INVALID');
    await assertAbsent(other);
  }
  await assertAbsent(digest);
});

for (const reference of [
  'sha256:baddigeststring',
  'sha256:',
  'md5:d41d8cd98f00b204e9800998ecf8427e',
  `sha256:${'A'.repeat(64)}`,
  'a:b',
]) {
  test(`"${reference.slice(0, 30)}" is no digest to push under, and none to pull by`, async () => {
    const put = await putManifest(holdfast, REPOSITORY, reference, base.manifest);
    await refusal(put, 400, 'DIGEST_INVALID');
    const get = await holdfast.fetch(`/v2/${REPOSITORY}/manifests/${reference}`);
    await refusal(get, 400, 'DIGEST_INVALID');
  });
}

for (const tag of [
  '.dot',
  '-dash',
  'a'.repeat(129),
  'sp%20ace',
  'a+b',
  'a%00b',
  'ä',
  '%E2%82%AC',
  'a@b',
  '~x',
]) {
  test(`"${tag.slice(0, 20)}" is no tag`, async () => {
    const path = `/v2/${REPOSITORY}/manifests/${encodeURI(tag).replaceAll('%25', '%')}`;
    const headers = { 'Content-Type': MediaType.ociManifest };
    const put = await send(holdfast, 'PUT', path, { headers, body: base.manifest });
    const [entry] = await refusal(
      put,
      400,
      tag.includes('%00') ? 'NAME_INVALID' : 'MANIFEST_INVALID',
    );
    assert.ok(entry);
    const get = await send(holdfast, 'GET', path);
    assert.ok([400, 404].includes(get.status), String(get.status));
  });
}

for (const tag of [
  'a'.repeat(128),
  '_',
  'V1.2-rc_3',
  '0',
  'latest',
  'sha256-abc',
  'list',
  'uploads',
]) {
  test(`"${tag.slice(0, 20)}" is a tag`, async () => {
    const put = await putManifest(holdfast, REPOSITORY, tag, base.manifest);
    assert.equal(put.status, 201);
    const get = await holdfast.fetch(`/v2/${REPOSITORY}/manifests/${tag}`);
    assert.deepEqual(Buffer.from(await get.arrayBuffer()), base.manifest);
  });
}

test('each blob that is missing is named, and nothing is stored', async () => {
  const { manifest, config, layer, digest } = sample('missing', {
    layers: [describe(base.layer), describe(Buffer.from('one')), describe(Buffer.from('two'))],
  });
  const put = await putManifest(holdfast, REPOSITORY, 'missing', manifest);
  const entries = await refusal(put, 400, 'MANIFEST_BLOB_UNKNOWN');
  assert.deepEqual(
    entries.map(({ detail }) => (detail as { digest: string }).digest),
    [config, Buffer.from('one'), Buffer.from('two')].map((one) => digestOf(one)),
  );
  assert.ok(!entries.some(({ detail }) => JSON.stringify(detail).includes(digestOf(layer))));
  await assertAbsent('missing');
  await assertAbsent(digest);
});

test('a child that is missing is named', async () => {
  const child = sample('missing child');
  const index = indexOf([base.manifest, child.manifest]);
  const put = await putManifest(holdfast, REPOSITORY, 'sparse', index, MediaType.ociIndex);
  const entries = await refusal(put, 400, 'MANIFEST_BLOB_UNKNOWN');
  assert.deepEqual(
    entries.map(({ detail }) => (detail as { digest: string }).digest),
    [child.digest],
  );
});

test('a blob of another repository does not count until it is mounted', async () => {
  const put = await putManifest(holdfast, 'elsewhere', 'v1', base.manifest);
  await refusal(put, 400, 'MANIFEST_BLOB_UNKNOWN');
  for (const blob of [base.config, base.layer]) {
    const path = `/v2/elsewhere/blobs/uploads/?mount=${digestOf(blob)}&from=${REPOSITORY}`;
    assert.equal((await holdfast.fetch(path, { method: 'POST' })).status, 201);
  }
  assert.equal((await putManifest(holdfast, 'elsewhere', 'v1', base.manifest)).status, 201);
});
