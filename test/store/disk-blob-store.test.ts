import type { TestContext } from 'node:test';
import { DiskBlobStore } from '../../src/store/disk/disk-blob-store.ts';
import { blobFollowContract } from '../contracts/blob-follow.contract.ts';
import { blobStoreContract } from '../contracts/blob-store.contract.ts';
import { temporaryDirectory } from './temporary-directory.ts';

async function open(t: TestContext): Promise<DiskBlobStore> {
  const store = await DiskBlobStore.open({ dir: await temporaryDirectory(t) });
  t.after(() => store.close());
  return store;
}

blobStoreContract('disk', open);
blobFollowContract('disk', open);
