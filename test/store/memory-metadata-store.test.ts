import { MemoryMetadataStore } from '../../src/store/memory/memory-metadata-store.ts';
import { metadataStoreContract } from '../contracts/metadata-store.contract.ts';

const open = async (): Promise<MemoryMetadataStore> => new MemoryMetadataStore();

metadataStoreContract('memory', open);
