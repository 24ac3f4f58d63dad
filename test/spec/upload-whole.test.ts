/** end-4a with end-6 (POST then PUT) and end-4b (single POST) of the distribution spec. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { getVerified } from '../helpers/registry-client.ts';
import { beginUpload, close, uploadRange, UUID } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const CONTENT = madeUpBytes('whole', 70_000);
const DIGEST = digestOf(CONTENT);

async function isHeld(repository: string, digest: string): Promise<boolean> {
  const head = await send(holdfast, 'HEAD', `/v2/${repository}/blobs/${digest}`);
  assert.ok([200, 404].includes(head.status), String(head.status));
  return head.status === 200;
}

for (const path of ['/v2/open/blobs/uploads/', '/v2/open/blobs/uploads']) {
  test(`POST ${path} opens a session with all that clients read`, async () => {
    const post = await holdfast.fetch(path, {
      method: 'POST',
      // crane sends a type with its empty body.
      headers: { 'Content-Type': 'application/json' },
    });
    assert.equal(post.status, 202);
    assert.equal(await post.text(), '');
    const location = post.headers.get('location') ?? '';
    assert.match(location, /^\/v2\/open\/blobs\/uploads\//);
    assert.match(location, UUID);
    assert.equal(post.headers.get('range'), '0-0');
    assert.equal(post.headers.get('content-length'), '0');
    assert.equal(post.headers.get('docker-upload-uuid'), UUID.exec(location)?.[0]);
    assert.equal(post.headers.get('oci-chunk-min-length'), null);
  });
}

test('two sessions are two locations', async () => {
  assert.notEqual(await beginUpload(holdfast, 'two'), await beginUpload(holdfast, 'two'));
});

test('POST then PUT makes a blob that can be pulled at once from where it says', async () => {
  const put = await close(holdfast, await beginUpload(holdfast, 'mono'), DIGEST, CONTENT);
  assert.equal(put.status, 201);
  assert.equal(await put.text(), '');
  assert.equal(put.headers.get('location'), `/v2/mono/blobs/${DIGEST}`);
  assert.equal(put.headers.get('docker-content-digest'), DIGEST);
  assert.equal(put.headers.get('content-length'), '0');
  const content = await getVerified(holdfast.url + `/v2/mono/blobs/${DIGEST}`, DIGEST);
  assert.deepEqual(content, CONTENT);
});

test('a client may add its own query to the location, and encode the digest', async () => {
  const location = await beginUpload(holdfast, 'query');
  const query = `?_state=abc&digest=${encodeURIComponent(DIGEST)}&account=x`;
  const put = await holdfast.fetch(location + query, { method: 'PUT', body: CONTENT });
  assert.equal(put.status, 201);
});

test('a PUT in chunked transfer coding is taken like one of known length', async () => {
  const location = await beginUpload(holdfast, 'stream');
  const headers = { 'Transfer-Encoding': 'chunked' };
  const put = await send(holdfast, 'PUT', `${location}?digest=${DIGEST}`, {
    headers,
    body: CONTENT,
  });
  assert.equal(put.status, 201);
});

test('a client that waits for 100 Continue is told to go on', async () => {
  const location = await beginUpload(holdfast, 'expect');
  const headers = { Expect: '100-continue', 'Content-Length': CONTENT.byteLength };
  const put = await send(holdfast, 'PUT', `${location}?digest=${DIGEST}`, {
    headers,
    body: CONTENT,
  });
  assert.equal(put.status, 201);
});

test('a single POST makes a blob', async () => {
  const post = await holdfast.fetch(`/v2/single/blobs/uploads/?digest=${DIGEST}`, {
    method: 'POST',
    body: CONTENT,
  });
  assert.equal(post.status, 201);
  assert.equal(post.headers.get('location'), `/v2/single/blobs/${DIGEST}`);
  assert.equal(post.headers.get('docker-content-digest'), DIGEST);
  await getVerified(holdfast.url + `/v2/single/blobs/${DIGEST}`, DIGEST);
});

test('pushing what is there already is fine, both ways', async () => {
  for (const again of ['first', 'second']) {
    const put = await close(holdfast, await beginUpload(holdfast, 'twice'), DIGEST, CONTENT);
    assert.equal(put.status, 201, again);
    const path = `/v2/twice/blobs/uploads/?digest=${DIGEST}`;
    assert.equal((await holdfast.fetch(path, { method: 'POST', body: CONTENT })).status, 201);
  }
  await getVerified(holdfast.url + `/v2/twice/blobs/${DIGEST}`, DIGEST);
});

for (const content of [Buffer.alloc(0), Buffer.from('{}')]) {
  test(`a blob of ${content.byteLength} bytes makes the round trip`, async () => {
    const digest = digestOf(content);
    const repository = `small-${content.byteLength}`;
    const put = await close(holdfast, await beginUpload(holdfast, repository), digest, content);
    assert.equal(put.status, 201);
    const get = await holdfast.fetch(`/v2/${repository}/blobs/${digest}`);
    assert.equal(get.status, 200);
    assert.equal(get.headers.get('content-length'), String(content.byteLength));
    assert.deepEqual(Buffer.from(await get.arrayBuffer()), content);
  });
}

test('a blob of zero bytes can come by a single POST', async () => {
  const digest = digestOf(Buffer.alloc(0));
  const post = await holdfast.fetch(`/v2/zero/blobs/uploads/?digest=${digest}`, { method: 'POST' });
  assert.equal(post.status, 201);
  assert.ok(await isHeld('zero', digest));
});

test('a body with another digest is refused, and the session takes the right one afterwards', async () => {
  const location = await beginUpload(holdfast, 'wrong');
  const wrong = Buffer.concat([CONTENT, Buffer.from('!')]);
  await refusal(await close(holdfast, location, DIGEST, wrong), 400, 'DIGEST_INVALID');
  assert.equal(await isHeld('wrong', DIGEST), false);
  assert.equal(await isHeld('wrong', digestOf(wrong)), false);
  assert.equal(await uploadRange(holdfast, location), '0-0');
  assert.equal((await close(holdfast, location, DIGEST, CONTENT)).status, 201);
});

test('a single POST with another digest is refused and keeps nothing', async () => {
  const post = await holdfast.fetch(`/v2/wrong-post/blobs/uploads/?digest=${DIGEST}`, {
    method: 'POST',
    body: Buffer.from('something else'),
  });
  await refusal(post, 400, 'DIGEST_INVALID');
  assert.equal(await isHeld('wrong-post', DIGEST), false);
});

const badDigests = [
  '',
  'sha256',
  'sha256:',
  'sha256:totallywrong',
  DIGEST.slice(0, -1),
  `${DIGEST}0`,
  DIGEST.toUpperCase().replace('SHA', 'sha'),
  DIGEST.replace('sha256', 'sha512'),
  DIGEST.replace('sha256', 'SHA256'),
  'md5:d41d8cd98f00b204e9800998ecf8427e',
  'blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
  `sha256:${'../'.repeat(21)}x`,
  `sha256+b64:${'a'.repeat(64)}`,
];
for (const digest of badDigests) {
  test(`"${digest.slice(0, 40)}…" (${digest.length}) is no digest to push under, and the session lives on`, async () => {
    const location = await beginUpload(holdfast, 'no-digest');
    await refusal(await close(holdfast, location, digest, CONTENT), 400, 'DIGEST_INVALID');
    const path = `/v2/no-digest/blobs/uploads/?digest=${digest}`;
    await refusal(
      await holdfast.fetch(path, { method: 'POST', body: CONTENT }),
      400,
      'DIGEST_INVALID',
    );
    assert.equal((await close(holdfast, location, DIGEST, CONTENT)).status, 201);
  });
}

test('a PUT without any digest is refused', async () => {
  const location = await beginUpload(holdfast, 'bare');
  const put = await holdfast.fetch(location, { method: 'PUT', body: CONTENT });
  await refusal(put, 400, 'DIGEST_INVALID');
});
