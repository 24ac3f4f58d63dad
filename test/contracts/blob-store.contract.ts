import { blobAppendContract } from './blob-append.contract.ts';
import { blobFollowContract } from './blob-follow.contract.ts';
import { committedBlobsContract } from './committed-blobs.contract.ts';
import type { OpenBlobStore } from './open-stores.ts';
import { unfinishedWritesContract } from './unfinished-writes.contract.ts';

/** What every blob store promises, whatever keeps its bytes. */
export function blobStoreContract(name: string, openStore: OpenBlobStore): void {
  committedBlobsContract(name, openStore);
  blobAppendContract(name, openStore);
  unfinishedWritesContract(name, openStore);
  blobFollowContract(name, openStore);
}
