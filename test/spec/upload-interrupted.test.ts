/** Uploads whose client, connection or server goes away in the middle. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from '../helpers/eventually.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { getVerified } from '../helpers/registry-client.ts';
import { beginUpload, close, patch, pushSample, uploadRange } from './pushing.ts';
import { refusal } from './refusal.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { Wire } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const CONTENT = madeUpBytes('interrupted', 300_000);
const DIGEST = digestOf(CONTENT);
const SENT = 123_456;

function arrived(server: Holdfast, location: string): Promise<void> {
  return eventually('what was sent is counted', async () => {
    return (await uploadRange(server, location)) === `0-${SENT - 1}`;
  });
}

const framings: [title: string, head: string, body: Buffer | string][] = [
  ['of known length', `Content-Length: ${CONTENT.byteLength}`, CONTENT.subarray(0, SENT)],
  [
    'with a range',
    `Content-Length: ${CONTENT.byteLength}\r\nContent-Range: 0-${CONTENT.byteLength - 1}`,
    CONTENT.subarray(0, SENT),
  ],
  [
    'in chunked transfer coding',
    'Transfer-Encoding: chunked',
    Buffer.concat([
      Buffer.from(`${CONTENT.byteLength.toString(16)}\r\n`),
      CONTENT.subarray(0, SENT),
    ]),
  ],
];

for (const [index, [title, head, body]] of framings.entries()) {
  for (const method of ['PATCH', 'PUT']) {
    test(`a client that stops half way through a ${method} ${title} can go on where it stopped`, async () => {
      const repository = `half-${method.toLowerCase()}-${index}`;
      const location = await beginUpload(holdfast, repository);
      const path = method === 'PUT' ? `${location}?digest=${DIGEST}` : location;
      const wire = await Wire.connect(holdfast);
      await wire.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`);
      await wire.write(body);
      // The status tells the truth also while the chunk arrives.
      await arrived(holdfast, location);
      wire.reset();
      const rest = CONTENT.subarray(SENT);
      const range = `${SENT}-${CONTENT.byteLength - 1}`;
      assert.equal((await patch(holdfast, location, rest, range)).status, 202);
      assert.equal((await close(holdfast, location, DIGEST)).status, 201);
      await getVerified(holdfast.url + `/v2/${repository}/blobs/${DIGEST}`, DIGEST);
    });
  }
}

for (const method of ['PATCH', 'PUT']) {
  test(`a newer request takes over from a ${method} that has fallen silent; what had arrived counts`, async () => {
    const repository = `silent-${method.toLowerCase()}`;
    const location = await beginUpload(holdfast, repository);
    const first = CONTENT.subarray(0, 1_000);
    assert.equal((await patch(holdfast, location, first)).status, 202);
    const path = method === 'PUT' ? `${location}?digest=${DIGEST}` : location;
    const silent = await Wire.connect(holdfast);
    const rest = CONTENT.byteLength - first.byteLength;
    await silent.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${rest}\r\n\r\n`);
    await silent.write(CONTENT.subarray(first.byteLength, SENT));
    await arrived(holdfast, location);
    const range = `${SENT}-${CONTENT.byteLength - 1}`;
    const newer = patch(holdfast, location, CONTENT.subarray(SENT), range);
    const ended = silent.untilClosed();
    // Time passes for the one that waits only once it has looked.
    const hurry = setInterval(() => holdfast.clock.advance(10_000), 50);
    try {
      assert.equal((await newer).status, 202);
    } finally {
      clearInterval(hurry);
    }
    // It is cut, not answered: nothing of it may look acknowledged.
    assert.equal((await ended).toString(), '');
    assert.equal((await close(holdfast, location, DIGEST)).status, 201);
    await getVerified(holdfast.url + `/v2/${repository}/blobs/${DIGEST}`, DIGEST);
  });
}

test('a single POST whose client stops half way keeps nothing', async () => {
  const files = async () => (await readdir(holdfast.dir, { recursive: true })).toSorted();
  const before = await files();
  const wire = await Wire.connect(holdfast);
  await wire.write(
    `POST /v2/half-post/blobs/uploads/?digest=${DIGEST} HTTP/1.1\r\nHost: x\r\nContent-Length: ${CONTENT.byteLength}\r\n\r\n`,
  );
  await wire.write(CONTENT.subarray(0, SENT));
  await eventually('the upload has begun', async () => (await files()).length > before.length);
  wire.reset();
  await eventually('the upload is gone', async () => (await files()).length === before.length);
  assert.deepEqual(await files(), before);
  const get = await holdfast.fetch(`/v2/half-post/blobs/${DIGEST}`);
  await refusal(get, 404, 'NAME_UNKNOWN');
});

test('a manifest whose client stops half way is not stored', async () => {
  const { manifest } = await pushSample(holdfast, 'half-manifest', 'whole');
  const wire = await Wire.connect(holdfast);
  await wire.write(
    `PUT /v2/half-manifest/manifests/half HTTP/1.1\r\nHost: x\r\nContent-Length: ${manifest.byteLength}\r\n\r\n`,
  );
  await wire.write(manifest.subarray(0, 50));
  wire.reset();
  const get = await holdfast.fetch('/v2/half-manifest/manifests/half');
  await refusal(get, 404, 'MANIFEST_UNKNOWN');
});

test('a session goes on after the server was stopped and started again', async (t) => {
  const dir = await temporaryDirectory(t);
  const before = await Holdfast.start({ dir });
  t.after(() => before.close());
  const location = await beginUpload(before, 'restarted');
  const untouched = await beginUpload(before, 'restarted');
  assert.equal((await patch(before, location, CONTENT.subarray(0, SENT))).status, 202);
  await before.close();

  const again = await Holdfast.start({ dir });
  t.after(() => again.close());
  assert.equal(await uploadRange(again, location), `0-${SENT - 1}`);
  assert.equal(await uploadRange(again, untouched), '0-0');
  const rest = CONTENT.subarray(SENT);
  assert.equal((await close(again, location, DIGEST, rest)).status, 201);
  await getVerified(again.url + `/v2/restarted/blobs/${DIGEST}`, DIGEST);
});

test('a session goes on after the server was stopped while a chunk arrived', async (t) => {
  const dir = await temporaryDirectory(t);
  const before = await Holdfast.start({ dir });
  t.after(() => before.close());
  const location = await beginUpload(before, 'stopped');
  const wire = await Wire.connect(before);
  await wire.write(
    `PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: ${CONTENT.byteLength}\r\n\r\n`,
  );
  await wire.write(CONTENT.subarray(0, SENT));
  await arrived(before, location);
  await before.close();
  await wire.untilClosed();

  const again = await Holdfast.start({ dir });
  t.after(() => again.close());
  assert.equal(await uploadRange(again, location), `0-${SENT - 1}`);
  assert.equal((await close(again, location, DIGEST, CONTENT.subarray(SENT))).status, 201);
  await getVerified(again.url + `/v2/stopped/blobs/${DIGEST}`, DIGEST);
});
