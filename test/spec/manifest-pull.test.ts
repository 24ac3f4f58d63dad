/** end-3: GET and HEAD, what `Accept` changes (nothing), and conditional requests. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MediaType } from '../../src/oci/media-types.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { indexOf, pushSample, putManifest } from './pushing.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const image = await pushSample(holdfast, 'app', 'v1');
const index = Buffer.from(JSON.stringify(indexOf([image.manifest])));
await putManifest(holdfast, 'app', 'all', index, MediaType.ociIndex);

const contents = [
  ['v1', image.manifest, MediaType.ociManifest],
  [image.digest, image.manifest, MediaType.ociManifest],
  ['all', index, MediaType.ociIndex],
  [digestOf(index), index, MediaType.ociIndex],
] as const;

const everyType = Object.values(MediaType);
const accepts: [title: string, accept: string | string[] | undefined][] = [
  ['no Accept', undefined],
  ['*/*', '*/*'],
  ['application/*', 'application/*'],
  ['application/json', 'application/json'],
  ['the other type', MediaType.dockerManifest],
  ['schema 1 only', 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
  ['text/html', 'text/html'],
  ['what cannot be', 'image/png;q=0.1'],
  ['nothing at all', '*/*;q=0'],
  ['what is no Accept', ';;,,=q'],
  ['an empty one', ''],
  ['many headers', everyType],
  ['one list with weights', everyType.map((type, at) => `${type};q=0.${at + 1}`).join(', ')],
];

for (const [title, accept] of accepts) {
  test(`Accept: ${title} gets what is stored, by GET and HEAD alike`, async () => {
    const headers = accept === undefined ? {} : { Accept: accept };
    for (const [reference, content, type] of contents) {
      const path = `/v2/app/manifests/${reference}`;
      const get = await send(holdfast, 'GET', path, { headers });
      const head = await send(holdfast, 'HEAD', path, { headers });
      for (const answer of [get, head]) {
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get('content-type'), type);
        assert.equal(answer.headers.get('docker-content-digest'), digestOf(content));
        assert.equal(answer.headers.get('content-length'), String(content.byteLength));
      }
      assert.deepEqual(Buffer.from(await get.arrayBuffer()), content);
      assert.equal(await head.text(), '');
    }
  });
}

/** All headers but those of the moment. */
function comparable(response: Response): Record<string, string> {
  const { date: _, ...rest } = Object.fromEntries(response.headers);
  return rest;
}

test('HEAD has each header of GET', async () => {
  const paths = [
    ...contents.map(([reference]) => `/v2/app/manifests/${reference}`),
    `/v2/app/blobs/${digestOf(image.layer)}`,
    '/v2/app/tags/list',
    '/v2/_catalog',
    `/v2/app/referrers/${image.digest}`,
    '/v2/',
  ];
  for (const path of paths) {
    const get = await send(holdfast, 'GET', path);
    const head = await send(holdfast, 'HEAD', path);
    assert.deepEqual(comparable(head), comparable(get), path);
    assert.deepEqual([head.status, await head.text()], [get.status, '']);
  }
});

const DIGEST = image.digest;
const matching = [DIGEST, `"${DIGEST}"`, `W/"${DIGEST}"`, `"other", "${DIGEST}"`, '*'];
const different = [`"sha256:${'0'.repeat(64)}"`, 'nonsense', `"${DIGEST}x"`, DIGEST.slice(7)];

for (const path of [`/v2/app/manifests/v1`, `/v2/app/manifests/${DIGEST}`]) {
  for (const method of ['GET', 'HEAD']) {
    for (const tag of matching) {
      test(`${method} of ${path.slice(0, 20)} with If-None-Match ${tag.slice(0, 20)} is 304`, async () => {
        const answer = await send(holdfast, method, path, { headers: { 'If-None-Match': tag } });
        assert.deepEqual([answer.status, await answer.text()], [304, '']);
        assert.equal(answer.headers.get('etag'), `"${DIGEST}"`);
        assert.equal(answer.headers.get('docker-content-digest'), DIGEST);
      });
    }
    for (const tag of different) {
      test(`${method} of ${path.slice(0, 20)} with If-None-Match ${tag.slice(0, 20)} is 200`, async () => {
        const answer = await send(holdfast, method, path, { headers: { 'If-None-Match': tag } });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get('etag'), `"${DIGEST}"`);
      });
    }
  }
}

test('a 304 ends when the tag moves', async () => {
  const before = await pushSample(holdfast, 'moving', 'v1', 'before');
  await pushSample(holdfast, 'moving', 'v1', 'after');
  const headers = { 'If-None-Match': `"${before.digest}"` };
  const answer = await holdfast.fetch('/v2/moving/manifests/v1', { headers });
  assert.equal(answer.status, 200);
  await answer.text();
});

test('a digest whose colon is encoded is the same digest', async () => {
  const answer = await holdfast.fetch(`/v2/app/manifests/${DIGEST.replace(':', '%3A')}`);
  assert.equal(answer.status, 200);
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), image.manifest);
});

test('a range is no matter for a manifest: it comes whole', async () => {
  const headers = { Range: 'bytes=0-', 'Accept-Encoding': 'zstd;q=1.0, gzip;q=0.8, deflate;q=0.5' };
  const answer = await send(holdfast, 'GET', '/v2/app/manifests/v1', { headers });
  assert.ok([200, 206].includes(answer.status));
  assert.equal(answer.headers.get('content-encoding'), null);
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), image.manifest);
});
