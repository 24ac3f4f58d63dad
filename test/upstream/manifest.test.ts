import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { MAX_MANIFEST_BYTES } from '../../src/upstream/upstream.ts';
import { APP, byDigest, isError, makeUpstream, startFake, tagged } from './make-upstream.ts';

test('a manifest comes by tag and by digest, byte for byte', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  const image = fake.addImage(APP, '1.0');
  const expected = {
    content: image.manifest,
    mediaType: MediaType.ociManifest,
    digest: image.manifestDigest,
  };
  assert.deepEqual(await upstream.manifest(APP, tagged('1.0')), expected);
  assert.deepEqual(await upstream.manifest(APP, byDigest(image.manifestDigest)), expected);
});

test('every manifest request names the same types and refuses encodings', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  fake.addImage(APP, '1.0');
  await upstream.headManifest(APP, tagged('1.0'));
  await upstream.manifest(APP, tagged('1.0'));
  for (const { headers } of fake.requests) {
    assert.equal(headers['accept-encoding'], 'identity');
    const accepted = headers.accept?.split(', ').toSorted();
    assert.deepEqual(accepted, [...Object.values(MediaType), '*/*'].toSorted());
  }
  assert.equal(fake.requests.length, 2);
});

test('HEAD tells digest, media type and size', async (t) => {
  const fake = await startFake(t);
  const image = fake.addImage(APP, '1.0');
  assert.deepEqual(await makeUpstream(t, fake.url).headManifest(APP, tagged('1.0')), {
    digest: image.manifestDigest,
    mediaType: MediaType.ociManifest,
    size: image.manifest.length,
  });
});

test('HEAD leaves out what upstream leaves out', async (t) => {
  const fake = await startFake(t);
  fake.addImage(APP, '1.0');
  fake.fault({
    headers: {
      'docker-content-digest': undefined,
      'content-type': 'application/json; charset=utf-8',
      'content-length': undefined,
    },
  });
  assert.deepEqual(await makeUpstream(t, fake.url).headManifest(APP, tagged('1.0')), {});
});

test('without a told digest the content is hashed with sha256', async (t) => {
  const fake = await startFake(t);
  const image = fake.addImage(APP, '1.0');
  fake.fault({ headers: { 'docker-content-digest': undefined } });
  const { digest } = await makeUpstream(t, fake.url).manifest(APP, tagged('1.0'));
  assert.equal(digest, image.manifestDigest);
});

test('a told sha512 digest is checked and kept', async (t) => {
  const fake = await startFake(t);
  const image = fake.addImage(APP, '1.0');
  const sha512 = digestOf(image.manifest, 'sha512');
  fake.fault({ headers: { 'docker-content-digest': sha512 } });
  const { digest } = await makeUpstream(t, fake.url).manifest(APP, tagged('1.0'));
  assert.equal(digest, sha512);
});

test('content that differs from the told digest is a bad answer', async (t) => {
  const fake = await startFake(t);
  fake.addImage(APP, '1.0');
  fake.fault({ headers: { 'docker-content-digest': digestOf(Buffer.from('other')) } });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('bad-answer', /digest/));
});

test('content that differs from the digest asked for is a bad answer', async (t) => {
  const fake = await startFake(t);
  const image = fake.addImage(APP, '1.0');
  fake.fault({ corrupt: true, headers: { 'docker-content-digest': undefined } });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(
    upstream.manifest(APP, byDigest(image.manifestDigest)),
    isError('bad-answer', /digest/),
  );
});

test('a Content-Type that says nothing gives way to the mediaType inside', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  fake.addImage(APP, '1.0', { docker: true });
  for (const contentType of [undefined, 'application/json']) {
    fake.clearFaults();
    fake.fault({ headers: { 'content-type': contentType } });
    const { mediaType } = await upstream.manifest(APP, tagged('1.0'));
    assert.equal(mediaType, MediaType.dockerManifest);
  }
});

test('parameters of the Content-Type are dropped', async (t) => {
  const fake = await startFake(t);
  fake.addImage(APP, '1.0');
  fake.fault({ headers: { 'content-type': `${MediaType.ociManifest}; charset=utf-8` } });
  const { mediaType } = await makeUpstream(t, fake.url).manifest(APP, tagged('1.0'));
  assert.equal(mediaType, MediaType.ociManifest);
});

test('a Content-Type that contradicts the mediaType inside is a bad answer', async (t) => {
  const fake = await startFake(t);
  fake.addImage(APP, '1.0');
  fake.fault({ headers: { 'content-type': MediaType.ociIndex } });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('bad-answer'));
});

test('schema 1 manifests are refused, by GET and by HEAD', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
  fake.addManifest(APP, 'old', { schemaVersion: 1, name: 'library/app', fsLayers: [] }, type);
  await assert.rejects(upstream.manifest(APP, tagged('old')), isError('bad-answer'));
  await assert.rejects(
    upstream.headManifest(APP, tagged('old')),
    isError('bad-answer', /schema 1/),
  );
});

test('a web page with status 200 is a bad answer', async (t) => {
  const fake = await startFake(t);
  fake.addManifest(APP, 'page', '<html>Sign in to the network</html>', 'text/html');
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.manifest(APP, tagged('page')), isError('bad-answer'));
});

test('a manifest over 4 MiB is a bad answer, and so is one without a told length', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  fake.addImage(APP, 'big', { annotations: { filler: 'x'.repeat(MAX_MANIFEST_BYTES) } });
  await assert.rejects(upstream.manifest(APP, tagged('big')), isError('bad-answer', /bytes/));
  fake.fault({ chunked: true });
  await assert.rejects(upstream.manifest(APP, tagged('big')), isError('bad-answer', /bytes/));
});

test('an answer encoded against our word is a bad answer', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  fake.addImage(APP, '1.0');
  fake.fault({ gzip: true, times: 1 });
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('bad-answer', /encoded/));
  fake.fault({ headers: { 'content-encoding': 'gzip' }, times: 1 });
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('bad-answer', /encoded/));
});

test('manifests that are really gzipped content are not confused with encoding', async (t) => {
  const fake = await startFake(t);
  fake.addManifest(APP, 'gz', gzipSync('{}'), MediaType.ociManifest);
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.manifest(APP, tagged('gz')), isError('bad-answer', /JSON/));
});
