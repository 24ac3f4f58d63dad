/** end-5 and its closing PUT: chunks in order, streamed bodies, and what a refused one leaves. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { getVerified } from '../helpers/registry-client.ts';
import { beginUpload, close, patch, uploadRange, UUID } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const CONTENT = madeUpBytes('chunks', 30_000);
const DIGEST = digestOf(CONTENT);
const FIRST = CONTENT.subarray(0, 10_000);
const SECOND = CONTENT.subarray(10_000, 20_000);
const THIRD = CONTENT.subarray(20_000);

async function assertWhole(repository: string): Promise<void> {
  await getVerified(holdfast.url + `/v2/${repository}/blobs/${DIGEST}`, DIGEST);
}

/** A session with the first chunk in it. */
async function begun(repository: string): Promise<string> {
  const location = await beginUpload(holdfast, repository);
  assert.equal((await patch(holdfast, location, FIRST, '0-9999')).status, 202);
  return location;
}

/** A 416 says where to go on, and the session goes on. */
async function assertOutOfOrder(response: Response, range: string): Promise<void> {
  await refusal(response, 416, 'BLOB_UPLOAD_INVALID');
  assert.equal(response.headers.get('range'), range);
  assert.match(response.headers.get('location') ?? '', UUID);
}

test('chunks in order, each at the location of the last answer, make a blob', async () => {
  let location = await beginUpload(holdfast, 'ordered');
  let end = -1;
  for (const chunk of [FIRST, SECOND, THIRD]) {
    const range = `${end + 1}-${end + chunk.byteLength}`;
    end += chunk.byteLength;
    const response = await patch(holdfast, location, chunk, range);
    assert.equal(response.status, 202);
    assert.equal(response.headers.get('range'), `0-${end}`);
    assert.equal(response.headers.get('content-length'), '0');
    assert.match(response.headers.get('docker-upload-uuid') ?? '', UUID);
    location = response.headers.get('location') ?? '';
  }
  const put = await send(holdfast, 'PUT', `${location}?digest=${DIGEST}`, {
    headers: { 'Content-Length': '0', 'Content-Type': 'application/octet-stream' },
  });
  assert.equal(put.status, 201);
  assert.equal(put.headers.get('location'), `/v2/ordered/blobs/${DIGEST}`);
  assert.equal(put.headers.get('docker-content-digest'), DIGEST);
  await assertWhole('ordered');
});

test('the last chunk may come with the closing PUT', async () => {
  const location = await begun('last');
  assert.equal((await patch(holdfast, location, SECOND, '10000-19999')).status, 202);
  const headers = { 'Content-Range': '20000-29999' };
  assert.equal((await close(holdfast, location, DIGEST, THIRD, headers)).status, 201);
  await assertWhole('last');
});

test('the location of the POST keeps working after later chunks', async () => {
  const location = await begun('old-location');
  assert.equal((await patch(holdfast, location, SECOND, '10000-19999')).status, 202);
  assert.equal(await uploadRange(holdfast, location), '0-19999');
  await assertOutOfOrder(await patch(holdfast, location, SECOND, '10000-19999'), '0-19999');
  assert.equal((await close(holdfast, location, DIGEST, THIRD)).status, 201);
});

const misplaced: [title: string, range: string][] = [
  ['sent again', '0-9999'],
  ['that leaves a gap', '10001-20000'],
  ['far behind', '99999999-100009998'],
  ['that overlaps', '9999-19998'],
];
for (const [index, [title, range]] of misplaced.entries()) {
  test(`a chunk ${title} is a 416 from PATCH, and the session goes on`, async () => {
    const repository = `misplaced-${index}`;
    const location = await begun(repository);
    await assertOutOfOrder(await patch(holdfast, location, SECOND, range), '0-9999');
    assert.equal(await uploadRange(holdfast, location), '0-9999');
    const rest = CONTENT.subarray(10_000);
    assert.equal((await patch(holdfast, location, rest, '10000-29999')).status, 202);
    assert.equal((await close(holdfast, location, DIGEST)).status, 201);
    await assertWhole(repository);
  });

  test(`a chunk ${title} is a 416 from PUT, and the session goes on`, async () => {
    const repository = `misplaced-put-${index}`;
    const location = await begun(repository);
    const headers = { 'Content-Range': range };
    await assertOutOfOrder(await close(holdfast, location, DIGEST, SECOND, headers), '0-9999');
    const rest = CONTENT.subarray(10_000);
    const right = { 'Content-Range': '10000-29999' };
    assert.equal((await close(holdfast, location, DIGEST, rest, right)).status, 201);
    await assertWhole(repository);
  });
}

test('the first chunk must start at 0', async () => {
  const location = await beginUpload(holdfast, 'first');
  await assertOutOfOrder(await patch(holdfast, location, SECOND, '10000-19999'), '0-0');
  assert.equal((await close(holdfast, location, DIGEST, CONTENT)).status, 201);
});

test('a `bytes ` before the range is forgiven', async () => {
  const location = await beginUpload(holdfast, 'prefix');
  assert.equal((await patch(holdfast, location, CONTENT, 'bytes 0-29999')).status, 202);
  assert.equal((await close(holdfast, location, DIGEST)).status, 201);
});

for (const range of [
  '0-9999/30000',
  'bytes=0-9999',
  '0-',
  '-9999',
  '9999-0',
  'abc',
  '0 - 9999',
  '1e3-2e3',
  '0x0-0x1',
]) {
  test(`"${range}" is no Content-Range of a chunk`, async () => {
    const location = await beginUpload(holdfast, 'malformed');
    await refusal(await patch(holdfast, location, FIRST, range), 400, 'BLOB_UPLOAD_INVALID');
    assert.equal(await uploadRange(holdfast, location), '0-0');
    assert.equal((await patch(holdfast, location, FIRST, '0-9999')).status, 202);
  });
}

for (const [title, framing] of [
  ['with a Content-Length', {}],
  ['in chunked transfer coding', { 'Transfer-Encoding': 'chunked' }],
] as const) {
  for (const last of [19_998, 20_000]) {
    const name = `${title.includes('chunked') ? 'coded' : 'plain'}-${last}`;
    test(`a body ${title} that is not what 10000-${last} tells does not count`, async () => {
      const location = await begun(name);
      const headers = { ...framing, 'Content-Range': `10000-${last}` };
      const patched = await send(holdfast, 'PATCH', location, { headers, body: SECOND });
      await refusal(patched, 400, 'SIZE_INVALID');
      assert.equal(await uploadRange(holdfast, location), '0-9999');
      const path = `${location}?digest=${DIGEST}`;
      const put = await send(holdfast, 'PUT', path, { headers, body: SECOND });
      await refusal(put, 400, 'SIZE_INVALID');
      assert.equal(await uploadRange(holdfast, location), '0-9999');
      assert.equal((await close(holdfast, location, DIGEST, CONTENT.subarray(10_000))).status, 201);
      await assertWhole(name);
    });
  }
}

test('a streamed body without length or range is appended whole, as docker and podman send it', async () => {
  const location = await beginUpload(holdfast, 'streamed');
  const headers = { 'Transfer-Encoding': 'chunked' };
  const patched = await send(holdfast, 'PATCH', location, { headers, body: CONTENT });
  assert.equal(patched.status, 202);
  assert.equal(patched.headers.get('range'), '0-29999');
  assert.equal((await close(holdfast, location, DIGEST)).status, 201);
  await assertWhole('streamed');
});

test('bodies without a range are appended one after the other', async () => {
  const location = await beginUpload(holdfast, 'appended');
  for (const chunk of [FIRST, SECOND, THIRD]) await patch(holdfast, location, chunk);
  assert.equal((await close(holdfast, location, DIGEST)).status, 201);
  await assertWhole('appended');
});

test('a wrong digest with the last chunk does not count that chunk', async () => {
  const location = await begun('wrong-last');
  const wrong = Buffer.concat([SECOND, THIRD.subarray(1), Buffer.from('!')]);
  await refusal(await close(holdfast, location, DIGEST, wrong), 400, 'DIGEST_INVALID');
  const head = await send(holdfast, 'HEAD', `/v2/wrong-last/blobs/${DIGEST}`);
  assert.equal(head.status, 404);
  assert.equal(await uploadRange(holdfast, location), '0-9999');
  assert.equal((await close(holdfast, location, DIGEST, CONTENT.subarray(10_000))).status, 201);
  await assertWhole('wrong-last');
});

test('a wrong digest of the closing PUT leaves the session, and the right one closes it', async () => {
  const location = await begun('wrong-close');
  await patch(holdfast, location, CONTENT.subarray(10_000), '10000-29999');
  await refusal(await close(holdfast, location, digestOf(FIRST)), 400, 'DIGEST_INVALID');
  assert.equal((await close(holdfast, location, DIGEST)).status, 201);
  await assertWhole('wrong-close');
});
