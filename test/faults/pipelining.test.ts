/** Requests that are sent before the answers to those before them are in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { openDescriptors } from '../helpers/open-descriptors.ts';
import { startHoldfast } from '../helpers/mirror.ts';
import { beginUpload, pushBlob } from '../spec/pushing.ts';
import { Wire } from '../spec/wire.ts';
import { digestOf } from '../../src/oci/digest.ts';

const SIZE = 8_000_000;

/** The beginning of a request; more headers and an empty line follow. */
function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n`;
}

function put(path: string, length: number, more = ''): string {
  return `PUT ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n${more}\r\n`;
}

test('pipelined requests are answered in their order', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const large = madeUpBytes('large', SIZE);
  const digest = await pushBlob(holdfast, 'team/app', large);
  const wire = await Wire.connect(holdfast);
  await wire.write(
    get(`/v2/team/app/blobs/${digest}`) +
      '\r\n' +
      get('/v2/') +
      '\r\n' +
      get(`/v2/team/app/blobs/${digest}`) +
      'Range: bytes=5-9\r\n\r\n' +
      get('/v2/none/manifests/1') +
      'Connection: close\r\n\r\n',
  );
  const received = await wire.untilClosed();
  const statuses = received.toString('latin1').match(/(?<=HTTP\/1\.1 )\d{3}(?= \w+( \w+)?\r\n)/g);
  assert.deepEqual(statuses, ['200', '200', '206', '404']);
  const start = received.indexOf('\r\n\r\n') + 4;
  assert.ok(received.subarray(start, start + SIZE).equals(large));
});

test('a pipelined push is done in its order: the manifest finds the blob that is before it', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const config = madeUpBytes('config', 500_000);
  const digest = digestOf(config);
  const location = await beginUpload(holdfast, 'team/app');
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/x-config', digest, size: config.length },
    layers: [],
  });
  const wire = await Wire.connect(holdfast);
  await wire.write(put(`${location}?digest=${digest}`, config.length));
  await wire.write(config);
  await wire.write(
    put('/v2/team/app/manifests/1', manifest.length, 'Connection: close\r\n') + manifest,
  );
  const received = (await wire.untilClosed()).toString('latin1');
  assert.deepEqual(received.match(/(?<=HTTP\/1\.1 )\d{3}/g), ['201', '201']);
});

test(
  'a client that leaves with pipelined requests unanswered leaves no blob open',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const holdfast = await startHoldfast(t, {});
    const digest = await pushBlob(holdfast, 'team/app', madeUpBytes('large', SIZE));
    const open = async (): Promise<number> =>
      (await openDescriptors()).filter((path) => path.includes(`${holdfast.dir}/blobs/`)).length;
    const wire = await Wire.connect(holdfast);
    wire.pause();
    await wire.write(`GET /v2/team/app/blobs/${digest} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(5));
    await eventually('the blob is being read', async () => (await open()) > 0);
    wire.reset();
    await eventually('it is closed', async () => (await open()) === 0, 3_000);
  },
);

test('a client that pipelines without end is cut', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const digest = await pushBlob(holdfast, 'team/app', madeUpBytes('large', SIZE));
  const wire = await Wire.connect(holdfast);
  wire.pause();
  await wire.write(`GET /v2/team/app/blobs/${digest} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(1_000));
  wire.resume();
  const received = await wire.untilClosed();
  assert.ok(received.length < 2 * SIZE);
});
