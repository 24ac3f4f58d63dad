/** end-2: GET and HEAD of blobs. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { pushBlob, pushSample } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send, Wire } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const LARGE = madeUpBytes('large', 5_000_000);
const blobs = [Buffer.alloc(0), Buffer.from('{}'), madeUpBytes('blob', 66_000), LARGE];
for (const blob of blobs) await pushBlob(holdfast, 'pulls', blob);

for (const blob of blobs) {
  const digest = digestOf(blob);
  const path = `/v2/pulls/blobs/${digest}`;

  test(`a blob of ${blob.byteLength} bytes comes with all that clients read`, async () => {
    const get = await send(holdfast, 'GET', path);
    assert.equal(get.status, 200);
    assert.equal(get.headers.get('content-type'), 'application/octet-stream');
    assert.equal(get.headers.get('content-length'), String(blob.byteLength));
    assert.equal(get.headers.get('transfer-encoding'), null);
    assert.equal(get.headers.get('docker-content-digest'), digest);
    assert.equal(get.headers.get('etag'), `"${digest}"`);
    assert.equal(get.headers.get('accept-ranges'), 'bytes');
    assert.equal(get.headers.get('cache-control'), 'max-age=31536000');
    assert.equal(get.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(get.headers.get('cache-status'), 'holdfast; hit');
    assert.deepEqual(Buffer.from(await get.arrayBuffer()), blob);
  });

  test(`HEAD of a blob of ${blob.byteLength} bytes has the headers of GET and no body`, async () => {
    const headers = async (method: string) => {
      const answer = await send(holdfast, method, path);
      const { date: _, ...rest } = Object.fromEntries(answer.headers);
      return rest;
    };
    assert.deepEqual(await headers('HEAD'), await headers('GET'));
    const head = await send(holdfast, 'HEAD', path);
    assert.deepEqual([head.status, await head.text()], [200, '']);
  });

  for (const method of ['GET', 'HEAD']) {
    test(`${method} of a blob of ${blob.byteLength} bytes that the client has is 304`, async () => {
      const headers = { 'If-None-Match': `"${digest}"` };
      const answer = await send(holdfast, method, path, { headers });
      assert.deepEqual([answer.status, await answer.text()], [304, '']);
    });
  }
}

test('whatever encodings a client takes, the bytes are those of the digest', async () => {
  const path = `/v2/pulls/blobs/${digestOf(LARGE)}`;
  const headers = { 'Accept-Encoding': 'zstd;q=1.0, gzip;q=0.8, deflate;q=0.5, br' };
  const get = await send(holdfast, 'GET', path, { headers });
  assert.equal(get.headers.get('content-encoding'), null);
  assert.deepEqual(Buffer.from(await get.arrayBuffer()), LARGE);
});

test('a blob is not shown through a repository that does not refer to it', async () => {
  await pushSample(holdfast, 'stranger', 'v1');
  for (const blob of blobs) {
    const answer = await holdfast.fetch(`/v2/stranger/blobs/${digestOf(blob)}`);
    await refusal(answer, 404, 'BLOB_UNKNOWN');
  }
});

for (const digest of [
  'sha256:abc',
  'sha256:',
  'latest',
  `sha256:${'F'.repeat(64)}`,
  'md5:d41d8cd98f00b204e9800998ecf8427e',
  `sha256:${'a'.repeat(65)}`,
]) {
  test(`"${digest.slice(0, 20)}" (${digest.length}) is no digest of a blob`, async () => {
    await refusal(await holdfast.fetch(`/v2/pulls/blobs/${digest}`), 400, 'DIGEST_INVALID');
    const del = await holdfast.fetch(`/v2/pulls/blobs/${digest}`, { method: 'DELETE' });
    await refusal(del, 400, 'DIGEST_INVALID');
  });
}

test('a client that leaves in the middle of a blob leaves the next one unharmed', async () => {
  const path = `/v2/pulls/blobs/${digestOf(LARGE)}`;
  for (let round = 0; round < 5; round += 1) {
    const wire = await Wire.connect(holdfast);
    await wire.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    wire.reset();
  }
  const get = await holdfast.fetch(path);
  assert.deepEqual(Buffer.from(await get.arrayBuffer()), LARGE);
});

test('a dozen requests in a row on one connection are answered in order', async () => {
  const path = `/v2/pulls/blobs/${digestOf(Buffer.from('{}'))}`;
  const wire = await Wire.connect(holdfast);
  await wire.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(11));
  await wire.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  const text = (await wire.untilClosed()).toString('latin1');
  assert.equal(text.match(/HTTP\/1\.1 200 OK/g)?.length, 12);
  assert.equal(text.match(/\r\n\r\n\{\}/g)?.length, 12);
});
