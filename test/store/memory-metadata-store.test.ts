import { MemoryMetadataStore } from '../../src/store/memory/memory-metadata-store.ts';
import { blobRecordsContract } from '../contracts/blob-records.contract.ts';
import { metadataStoreContract } from '../contracts/metadata-store.contract.ts';

const open = async (): Promise<MemoryMetadataStore> => new MemoryMetadataStore();

metadataStoreContract('memory', open);
blobRecordsContract('memory', open);
