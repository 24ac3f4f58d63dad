/** end-13 and end-14: status and cancel, and who a session belongs to. */
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

const CONTENT = madeUpBytes('sessions', 10_000);
const DIGEST = digestOf(CONTENT);

async function assertGone(location: string): Promise<void> {
  await refusal(await holdfast.fetch(location), 404, 'BLOB_UPLOAD_UNKNOWN');
  await refusal(await patch(holdfast, location, CONTENT), 404, 'BLOB_UPLOAD_UNKNOWN');
  await refusal(await close(holdfast, location, DIGEST, CONTENT), 404, 'BLOB_UPLOAD_UNKNOWN');
  const again = await holdfast.fetch(location, { method: 'DELETE' });
  await refusal(again, 404, 'BLOB_UPLOAD_UNKNOWN');
}

test('the status of a session is 204 with where it is and how much it has', async () => {
  const location = await beginUpload(holdfast, 'status');
  for (const [chunk, range] of [
    [Buffer.alloc(0), '0-0'],
    [CONTENT.subarray(0, 1), '0-0'],
    [CONTENT.subarray(1, 2), '0-1'],
    [CONTENT.subarray(2), '0-9999'],
  ] as const) {
    if (chunk.byteLength > 0) await patch(holdfast, location, chunk);
    const status = await holdfast.fetch(location);
    assert.equal(status.status, 204);
    assert.equal(status.headers.get('range'), range);
    assert.match(status.headers.get('location') ?? '', UUID);
    assert.match(status.headers.get('docker-upload-uuid') ?? '', UUID);
  }
});

test('an empty chunk changes nothing', async () => {
  const location = await beginUpload(holdfast, 'empty-chunk');
  const response = await patch(holdfast, location, Buffer.alloc(0));
  assert.deepEqual([response.status, response.headers.get('range')], [202, '0-0']);
  assert.equal((await close(holdfast, location, DIGEST, CONTENT)).status, 201);
});

test('a cancelled session is gone for good', async () => {
  const location = await beginUpload(holdfast, 'cancelled');
  await patch(holdfast, location, CONTENT);
  const cancel = await holdfast.fetch(location, { method: 'DELETE' });
  assert.deepEqual([cancel.status, await cancel.text()], [204, '']);
  await assertGone(location);
  const head = await send(holdfast, 'HEAD', `/v2/cancelled/blobs/${DIGEST}`);
  assert.equal(head.status, 404);
});

test('a session that has become a blob is gone', async () => {
  const location = await beginUpload(holdfast, 'closed');
  assert.equal((await close(holdfast, location, DIGEST, CONTENT)).status, 201);
  await assertGone(location);
});

for (const id of [
  'not-a-uuid',
  '00000000-0000-4000-8000-000000000000',
  '..',
  '%2e%2e',
  'a'.repeat(300),
]) {
  test(`"${id.slice(0, 40)}" is no session`, async () => {
    const response = await send(holdfast, 'GET', `/v2/unknown/blobs/uploads/${id}`);
    await refusal(response, 404, 'BLOB_UPLOAD_UNKNOWN');
  });
}

test('a session of one repository is unknown to another, which does it no harm', async () => {
  const location = await beginUpload(holdfast, 'owner');
  await patch(holdfast, location, CONTENT);
  const foreign = location.replace('/v2/owner/', '/v2/thief/');
  await assertGone(foreign);
  assert.equal((await close(holdfast, location, DIGEST)).status, 201);
  const head = await send(holdfast, 'HEAD', `/v2/thief/blobs/${DIGEST}`);
  assert.equal(head.status, 404);
});

test('of two chunks for the same place that come at once, one is taken and the other is a 416', async () => {
  const location = await beginUpload(holdfast, 'race');
  const both = await Promise.all([0, 1].map(() => patch(holdfast, location, CONTENT, '0-9999')));
  assert.deepEqual(new Set(both.map(({ status }) => status)), new Set([202, 416]));
  assert.equal(await uploadRange(holdfast, location), '0-9999');
  assert.equal((await close(holdfast, location, DIGEST)).status, 201);
});

test('of two closing PUTs at once, one makes the blob and the other finds no session', async () => {
  const location = await beginUpload(holdfast, 'race-close');
  await patch(holdfast, location, CONTENT, '0-9999');
  const both = await Promise.all([0, 1].map(() => close(holdfast, location, DIGEST)));
  assert.deepEqual(new Set(both.map(({ status }) => status)), new Set([201, 404]));
  await getVerified(holdfast.url + `/v2/race-close/blobs/${DIGEST}`, DIGEST);
});

test('twenty pushes of one blob at once all succeed', async () => {
  const content = madeUpBytes('many at once', 200_000);
  const digest = digestOf(content);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const location = await beginUpload(holdfast, `many-${index % 3}`);
      return (await close(holdfast, location, digest, content)).status;
    }),
  );
  assert.deepEqual(new Set(answers), new Set([201]));
  for (const index of [0, 1, 2]) {
    await getVerified(holdfast.url + `/v2/many-${index}/blobs/${digest}`, digest);
  }
});
