import { systemClock } from '../../src/clock.ts';
import { MemoryBlobStore } from '../../src/store/memory/memory-blob-store.ts';
import { blobStoreContract } from '../contracts/blob-store.contract.ts';

const open = async (): Promise<MemoryBlobStore> => new MemoryBlobStore(systemClock);

blobStoreContract('memory', open);
