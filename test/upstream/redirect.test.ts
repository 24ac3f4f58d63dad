import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MediaType } from '../../src/oci/media-types.ts';
import { redirectTarget } from '../../src/upstream/got/redirect.ts';
import { APP, bytesOf, isError, makeUpstream, startFake, tagged } from './make-upstream.ts';

const BLOB = Buffer.from('a blob');

test('the token stays behind when a blob is redirected to another origin', async (t) => {
  const fake = await startFake(t, { redirectBlobs: true, auth: { scheme: 'bearer' } });
  const digest = fake.addBlob(BLOB);
  const { body } = await makeUpstream(t, fake.url).blob(APP, digest, 0);
  assert.deepEqual(await bytesOf(body), BLOB);
  const signed = fake.requests.filter(({ url }) => url.startsWith('/signed/'));
  assert.deepEqual(
    signed.map(({ headers }) => headers.authorization),
    [undefined],
  );
});

test('the token stays on a redirect within the registry', async (t) => {
  const fake = await startFake(t, { auth: { scheme: 'bearer' } });
  fake.addImage(APP, 'there');
  fake.fault({ path: /manifests\/here/, status: 302, headers: { location: 'there' } });
  await makeUpstream(t, fake.url).manifest(APP, tagged('here'));
  assert.match(fake.requests.at(-1)?.headers.authorization ?? '', /^Bearer /);
});

test('the token does not come back with a redirect that leads home', async (t) => {
  const fake = await startFake(t, { auth: { scheme: 'basic', username: 'u', password: 'p' } });
  const other = await startFake(t);
  const location = `${fake.url}/v2/library/app/manifests/home`;
  fake.addImage(APP, 'home');
  fake.fault({ path: /away/, status: 307, headers: { location: `${other.url}/back` } });
  other.fault({ status: 307, headers: { location } });
  const credentials = { username: 'u', password: 'p' };
  const upstream = makeUpstream(t, fake.url, { credentials });
  await upstream.manifest(APP, tagged('home'));
  assert.ok(fake.requests.at(-1)?.headers.authorization !== undefined);
  await assert.rejects(upstream.manifest(APP, tagged('away')), isError('denied'));
  assert.equal(other.requests.length, 1);
  assert.equal(other.requests[0]?.headers.authorization, undefined);
  assert.equal(fake.requests.at(-1)?.headers.authorization, undefined);
});

test('a whole registry may redirect to another one, which says what exists', async (t) => {
  const front = await startFake(t);
  const back = await startFake(t);
  const image = back.addImage(APP, '1.0');
  front.fault({
    path: /1\.0/,
    status: 307,
    headers: { location: `${back.url}/v2/library/app/manifests/1.0` },
  });
  front.fault({
    path: /2\.0/,
    status: 307,
    headers: { location: `${back.url}/v2/library/app/manifests/2.0` },
  });
  const upstream = makeUpstream(t, front.url);
  const { digest } = await upstream.manifest(APP, tagged('1.0'));
  assert.equal(digest, image.manifestDigest);
  await assert.rejects(upstream.manifest(APP, tagged('2.0')), isError('not-found'));
});

test('the Range goes along with a redirect', async (t) => {
  const fake = await startFake(t, { redirectBlobs: true });
  const { start } = await makeUpstream(t, fake.url).blob(APP, fake.addBlob(BLOB), 2);
  assert.equal(start, 2);
  assert.equal(fake.requests.at(-1)?.headers.range, 'bytes=2-');
});

test('storage that refuses its own signed URL does not deny the blob', async (t) => {
  const fake = await startFake(t, { redirectBlobs: true });
  fake.signedUrlMaxAge = -1;
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.blob(APP, fake.addBlob(BLOB), 0), (error: Error) => {
    assert.doesNotMatch(error.message, /Signature/);
    return isError('unavailable')(error);
  });
});

test('every GET starts at the registry: a signed URL is never kept', async (t) => {
  const fake = await startFake(t, { redirectBlobs: true });
  const digest = fake.addBlob(BLOB);
  const upstream = makeUpstream(t, fake.url);
  await bytesOf((await upstream.blob(APP, digest, 0)).body);
  fake.expireSignedUrls();
  await bytesOf((await upstream.blob(APP, digest, 0)).body);
  assert.equal(fake.count('GET', /blobs/), 2);
});

test('redirects are followed five times and no more', async (t) => {
  const fake = await startFake(t);
  fake.addManifest(APP, 'loop', {}, MediaType.ociManifest);
  fake.fault({ status: 307, headers: { location: 'loop' } });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.manifest(APP, tagged('loop')), isError('bad-answer', /redirects/));
  assert.equal(fake.requests.length, 6);
});

test('a redirect without a target is a bad answer', async (t) => {
  const fake = await startFake(t);
  fake.fault({ status: 307 });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('bad-answer'));
});

test('a redirect to a private address of another host is refused and not dialled', async (t) => {
  const fake = await startFake(t);
  const inner = await startFake(t);
  const location = `${inner.url.replace('127.0.0.1', 'localhost')}/v2/secrets/tags/list`;
  fake.fault({ status: 307, headers: { location } });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(
    upstream.tags(APP, {}),
    isError('unreachable', /localhost is a private address/),
  );
  assert.equal(inner.requests.length, 0);
});

const targets: readonly [location: string | undefined, outcome: string][] = [
  ['https://cdn.example/x?sig=1', 'https://cdn.example/x?sig=1'],
  ['//cdn.example/x', 'https://cdn.example/x'],
  ['/x', 'https://r.example/x'],
  ['https://user:secret@cdn.example/x', 'https://cdn.example/x'],
  ['http://cdn.example/x', 'denied'],
  ['http://r.example/x', 'denied'],
  ['ftp://cdn.example/x', 'bad-answer'],
  ['unix:/run/docker.sock:/x', 'bad-answer'],
  ['https://', 'bad-answer'],
  [undefined, 'bad-answer'],
];
for (const [location, outcome] of targets) {
  test(`from https, a redirect to ${location ?? '(nowhere)'} leads to ${outcome}`, () => {
    const from = new URL('https://r.example/v2/');
    if (outcome.includes('://')) {
      assert.equal(redirectTarget(from, location, 'test').href, outcome);
    } else {
      assert.throws(() => redirectTarget(from, location, 'test'), { kind: outcome });
    }
  });
}
