import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { MediaType } from '../../src/oci/media-types.ts';

const one = digestOf(Buffer.from('one'));
const two = digestOf(Buffer.from('two'), 'sha512');
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: one, size: 3 };
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: two, size: 3 };
const image = { schemaVersion: 2, mediaType: MediaType.ociManifest, config, layers: [layer] };

const parse = (body: unknown, type?: string) =>
  parseManifest(Buffer.from(JSON.stringify(body)), type);

function problemOf(body: unknown, type?: string): string {
  const parsed = parse(body, type);
  assert.ok(!parsed.ok, 'it was accepted');
  return parsed.problem;
}

test('an image names its config and its layers, in their roles', () => {
  const parsed = parse(image, MediaType.ociManifest);
  assert.deepEqual(parsed, {
    ok: true,
    manifest: {
      mediaType: MediaType.ociManifest,
      descriptors: [
        { role: 'config', digest: one, size: 3 },
        { role: 'layer', digest: two, size: 3 },
      ],
      artifactType: config.mediaType,
    },
  });
});

test('an index names its manifests and has no artifact type unless it says so', () => {
  const index = {
    schemaVersion: 2,
    manifests: [{ mediaType: MediaType.ociManifest, digest: one, size: 3 }],
  };
  const parsed = parse(index, `${MediaType.ociIndex}; charset=utf-8`);
  assert.ok(parsed.ok);
  assert.equal(parsed.manifest.mediaType, MediaType.ociIndex);
  assert.deepEqual(parsed.manifest.descriptors, [{ role: 'manifest', digest: one, size: 3 }]);
  assert.equal(parsed.manifest.artifactType, undefined);
});

test('a missing or generic Content-Type falls back to mediaType, and that to the shape', () => {
  const { mediaType: _, ...untyped } = image;
  for (const [body, type] of [
    [image, undefined],
    [image, 'application/json'],
    [untyped, undefined],
  ] as const) {
    const parsed = parse(body, type);
    assert.ok(parsed.ok);
    assert.equal(parsed.manifest.mediaType, MediaType.ociManifest);
  }
});

test('foreign layers are not required', () => {
  const foreign = {
    ...layer,
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  };
  const elsewhere = { ...layer, urls: ['https://example.com/layer'] };
  const parsed = parse({ ...image, layers: [foreign, elsewhere] });
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.manifest.descriptors, [{ role: 'config', digest: one, size: 3 }]);
});

test('subject and annotations are read, annotations that are not texts are left out', () => {
  const parsed = parse({ ...image, subject: layer, annotations: { a: 'b', c: 1 } });
  assert.ok(parsed.ok);
  assert.equal(parsed.manifest.subject, two);
  assert.deepEqual(parsed.manifest.annotations, { a: 'b' });
});

const wrong: [title: string, body: unknown, type: string | undefined, problem: RegExp][] = [
  ['an array', [], undefined, /not a JSON object/],
  ['image and index at once', { ...image, manifests: [] }, undefined, /both/],
  ['a type that contradicts the body', image, MediaType.ociIndex, /Content-Type/],
  ['schema 1', { schemaVersion: 1, mediaType: MediaType.dockerManifest }, undefined, /schema 1/],
  ['an unknown type', { ...image, mediaType: 'text/html' }, 'text/html', /not one of/],
  ['an image without a config', { ...image, config: undefined }, undefined, /"config"/],
  ['an index without manifests', { schemaVersion: 2 }, MediaType.ociIndex, /"manifests"/],
  [
    'an upper-case digest',
    { ...image, config: { ...config, digest: one.toUpperCase() } },
    undefined,
    /config\.digest/,
  ],
  [
    'a negative size',
    { ...image, layers: [{ ...layer, size: -1 }] },
    undefined,
    /layers\[0\]\.size/,
  ],
  ['a layer that is not an object', { ...image, layers: ['x'] }, undefined, /layers\[0\] must be/],
];

for (const [title, body, type, problem] of wrong) {
  test(`${title} is refused with a reason`, () => assert.match(problemOf(body, type), problem));
}

test('bytes that are not JSON, or not UTF-8, are refused', () => {
  for (const bytes of [Buffer.from('{'), Buffer.from([0xff, 0xfe]), Buffer.alloc(0)]) {
    assert.deepEqual(parseManifest(bytes, MediaType.ociManifest), {
      ok: false,
      problem: 'the manifest is not valid JSON',
    });
  }
});
