import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { OpenUploads } from '../../src/registry/open-uploads.ts';
import { DiskBlobStore } from '../../src/store/disk/disk-blob-store.ts';
import { temporaryDirectory } from '../helpers/mirror.ts';

const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

test(
  'sessions that are only looked at keep no more files open than those that are written to',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const blobs = await DiskBlobStore.open({ dir: await temporaryDirectory(t) });
    const uploads = new OpenUploads(blobs, systemClock);
    t.after(async () => {
      await uploads.close();
      await blobs.close();
    });
    const before = await descriptors();
    for (let number = 0; number < 400; number++) {
      assert.equal(await uploads.peek(`session-${number}`, 'sha256', ({ size }) => size), 0);
    }
    assert.ok((await descriptors()) - before < 300);
  },
);
