/** How many sessions there may be, and how long they may stay. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { eventually } from '../helpers/eventually.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { beginUpload, close, patch, uploadRange } from './pushing.ts';
import { refusal } from './refusal.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const CONTENT = madeUpBytes('limits', 5_000);

async function unfinishedUploads(dir: string): Promise<number> {
  const files = await readdir(dir, { recursive: true });
  return files.filter((file) => /upload-/.test(file)).length;
}

test('a repository takes a thousand unfinished uploads, and no more until one of them ends', async (t) => {
  const holdfast = await Holdfast.start();
  t.after(() => holdfast.close());
  const locations: string[] = [];
  for (let begun = 0; begun < 1_000; begun += 50) {
    const some = Array.from({ length: 50 }, () => beginUpload(holdfast, 'leaky'));
    locations.push(...(await Promise.all(some)));
  }
  const refused = await holdfast.fetch('/v2/leaky/blobs/uploads/', { method: 'POST' });
  await refusal(refused, 429, 'TOOMANYREQUESTS');
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);

  await beginUpload(holdfast, 'other');
  await holdfast.fetch(locations[0] ?? '', { method: 'DELETE' });
  const location = await beginUpload(holdfast, 'leaky');
  assert.equal((await close(holdfast, location, digestOf(CONTENT), CONTENT)).status, 201);
  await beginUpload(holdfast, 'leaky');
});

test('a session that nobody goes on with is dropped after uploadMaxAge, with its bytes', async (t) => {
  const dir = await temporaryDirectory(t);
  const before = await Holdfast.start({ dir });
  t.after(() => before.close());
  const location = await beginUpload(before, 'abandoned');
  await patch(before, location, CONTENT);
  assert.equal(await unfinishedUploads(dir), 1);
  await before.close();

  const again = await Holdfast.start({ dir, config: { push: { uploadMaxAge: '1ms' } } });
  t.after(() => again.close());
  await eventually('the session is gone', async () => {
    return (await again.fetch(location)).status === 404;
  });
  await refusal(await patch(again, location, CONTENT), 404, 'BLOB_UPLOAD_UNKNOWN');
  await eventually('its bytes are gone', async () => (await unfinishedUploads(dir)) === 0);
});

test('a session that is young enough outlives a restart and its sweep', async (t) => {
  const dir = await temporaryDirectory(t);
  const before = await Holdfast.start({ dir });
  t.after(() => before.close());
  const location = await beginUpload(before, 'young');
  await patch(before, location, CONTENT);
  await before.close();

  const again = await Holdfast.start({ dir, config: { push: { uploadMaxAge: '1h' } } });
  t.after(() => again.close());
  // Closing waits for the sweep that began with the start.
  await again.close();
  assert.equal(await unfinishedUploads(dir), 1);
  const last = await Holdfast.start({ dir });
  t.after(() => last.close());
  assert.equal(await uploadRange(last, location), '0-4999');
});
