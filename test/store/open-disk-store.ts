import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { DiskBlobStore } from '../../src/store/disk/disk-blob-store.ts';
import { openFiles } from './open-files.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A disk store of its own for a test, which must leave no file open. */
export async function openDiskStore(t: TestContext, directory?: string): Promise<DiskBlobStore> {
  const dir = directory ?? (await temporaryDirectory(t));
  const store = await DiskBlobStore.open({ dir });
  t.after(async () => {
    await store.close();
    assert.deepEqual(await openFiles(dir), []);
  });
  return store;
}
