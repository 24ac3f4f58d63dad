/** end-14 while a chunk is still arriving. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from '../helpers/eventually.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { beginUpload, close, patch, uploadRange } from './pushing.ts';
import { refusal } from './refusal.ts';
import { Wire } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

test('a cancel does not wait for a client that sends no more', { timeout: 20_000 }, async () => {
  const location = await beginUpload(holdfast, 'stuck');
  const wire = await Wire.connect(holdfast);
  await wire.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n`);
  await wire.write('x'.repeat(50));
  await eventually('the chunk arrives', async () => {
    return (await uploadRange(holdfast, location)) === '0-49';
  });
  const cancel = await holdfast.fetch(location, { method: 'DELETE' });
  assert.equal(cancel.status, 204);
  await refusal(await holdfast.fetch(location), 404, 'BLOB_UPLOAD_UNKNOWN');
  wire.reset();
});

test('a chunk under which its session is cancelled is answered as for an unknown one', async () => {
  const location = await beginUpload(holdfast, 'under');
  const wire = await Wire.connect(holdfast);
  await wire.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n`);
  await wire.write(`Connection: close\r\n\r\n${'x'.repeat(50)}`);
  await eventually('the chunk arrives', async () => {
    return (await uploadRange(holdfast, location)) === '0-49';
  });
  await holdfast.fetch(location, { method: 'DELETE' });
  assert.match((await wire.untilClosed()).toString(), /^HTTP\/1\.1 404 [^]*BLOB_UPLOAD_UNKNOWN/);
});

test('whatever meets a cancel is done before it or finds no session, and leaves no file', async () => {
  const content = madeUpBytes('cancelled', 100_000);
  const digest = digestOf(content);
  for (let round = 0; round < 60; round += 1) {
    const location = await beginUpload(holdfast, 'met');
    await patch(holdfast, location, content);
    const [put, appended, cancel, again] = await Promise.all([
      close(holdfast, location, round % 2 === 0 ? digest : digestOf(Buffer.from('other'))),
      patch(holdfast, location, Buffer.from('more')),
      holdfast.fetch(location, { method: 'DELETE' }),
      holdfast.fetch(location, { method: 'DELETE' }),
    ]);
    assert.ok([201, 400, 404].includes(put.status), String(put.status));
    assert.ok([202, 404].includes(appended.status), String(appended.status));
    assert.ok([204, 404].includes(cancel.status), String(cancel.status));
    assert.ok([204, 404].includes(again.status), String(again.status));
    await refusal(await holdfast.fetch(location), 404, 'BLOB_UPLOAD_UNKNOWN');
  }
  const files = await readdir(holdfast.dir, { recursive: true });
  assert.deepEqual(
    files.filter((file) => file.includes('upload-')),
    [],
  );
});
