import { blobStoreContract } from '../contracts/blob-store.contract.ts';
import { openDiskStore } from './open-disk-store.ts';

blobStoreContract('disk', (t) => openDiskStore(t));
