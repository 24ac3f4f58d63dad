/** sha512 and `digest-algorithm` (end-4c of the spec's main branch). */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { getVerified } from '../helpers/registry-client.ts';
import { beginUpload, close, patch } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const CONTENT = madeUpBytes('sha512', 50_000);
const DIGEST = digestOf(CONTENT, 'sha512');
const half = CONTENT.byteLength / 2;

const hints: [title: string, query: string][] = [
  ['told beforehand', '?digest-algorithm=sha512'],
  ['not told beforehand', ''],
  ['told wrongly beforehand', '?digest-algorithm=sha256'],
];

for (const [index, [title, query]] of hints.entries()) {
  const repository = `hint-${index}`;

  test(`a sha512 blob comes in one PUT, the algorithm ${title}`, async () => {
    const location = await beginUpload(holdfast, repository, query);
    const put = await close(holdfast, location, DIGEST, CONTENT);
    assert.equal(put.status, 201);
    assert.equal(put.headers.get('docker-content-digest'), DIGEST);
    assert.equal(put.headers.get('location'), `/v2/${repository}/blobs/${DIGEST}`);
    await getVerified(holdfast.url + `/v2/${repository}/blobs/${DIGEST}`, DIGEST);
  });

  test(`a sha512 blob comes in chunks, the algorithm ${title}`, async () => {
    const location = await beginUpload(holdfast, `${repository}-chunks`, query);
    const range = `0-${half - 1}`;
    assert.equal((await patch(holdfast, location, CONTENT.subarray(0, half), range)).status, 202);
    const put = await close(holdfast, location, DIGEST, CONTENT.subarray(half));
    assert.equal(put.status, 201);
    await getVerified(holdfast.url + `/v2/${repository}-chunks/blobs/${DIGEST}`, DIGEST);
  });

  test(`a sha512 blob comes in a single POST, the algorithm ${title}`, async () => {
    const path = `/v2/${repository}-post/blobs/uploads/${query === '' ? '?' : `${query}&`}digest=${DIGEST}`;
    const post = await holdfast.fetch(path, { method: 'POST', body: CONTENT });
    assert.equal(post.status, 201);
    await getVerified(holdfast.url + `/v2/${repository}-post/blobs/${DIGEST}`, DIGEST);
  });

  test(`a wrong sha512 is found out, the algorithm ${title}`, async () => {
    const location = await beginUpload(holdfast, `${repository}-wrong`, query);
    const put = await close(holdfast, location, DIGEST, CONTENT.subarray(1));
    await refusal(put, 400, 'DIGEST_INVALID');
    const head = await send(holdfast, 'HEAD', `/v2/${repository}-wrong/blobs/${DIGEST}`);
    assert.equal(head.status, 404);
  });

  test(`a sha256 blob is taken as well, the algorithm ${title}`, async () => {
    const location = await beginUpload(holdfast, `${repository}-other`, query);
    const digest = digestOf(CONTENT);
    assert.equal((await close(holdfast, location, digest, CONTENT)).status, 201);
    await getVerified(holdfast.url + `/v2/${repository}-other/blobs/${digest}`, digest);
  });
}

for (const algorithm of ['sha384', 'md5', 'SHA512', 'blake3', '../sha512', '']) {
  test(`digest-algorithm=${algorithm} is refused`, async () => {
    const path = `/v2/refused/blobs/uploads/?digest-algorithm=${algorithm}`;
    await refusal(await holdfast.fetch(path, { method: 'POST' }), 400, 'DIGEST_INVALID');
  });
}

test('a blob has only the name that it was pushed under', async () => {
  const content = madeUpBytes('one name', 1_000);
  const location = await beginUpload(holdfast, 'one-name');
  assert.equal((await close(holdfast, location, digestOf(content, 'sha512'), content)).status, 201);
  const other = await send(holdfast, 'HEAD', `/v2/one-name/blobs/${digestOf(content)}`);
  assert.equal(other.status, 404);
});

test('one content under both names answers each with its own digest', async () => {
  const content = madeUpBytes('two names', 1_000);
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const location = await beginUpload(holdfast, 'two-names');
    const put = await close(holdfast, location, digestOf(content, algorithm), content);
    assert.equal(put.status, 201);
  }
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const digest = digestOf(content, algorithm);
    const get = await holdfast.fetch(`/v2/two-names/blobs/${digest}`);
    assert.equal(get.headers.get('docker-content-digest'), digest);
    assert.deepEqual(Buffer.from(await get.arrayBuffer()), content);
  }
});
