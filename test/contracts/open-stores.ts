import type { TestContext } from 'node:test';
import type { BlobStore } from '../../src/store/blob-store.ts';
import type { MetadataStore } from '../../src/store/metadata-store.ts';

/** Opens an empty store that is closed and gone after the test. */
export type OpenBlobStore = (t: TestContext) => Promise<BlobStore>;

/** Opens an empty store that is closed and gone after the test. */
export type OpenMetadataStore = (t: TestContext) => Promise<MetadataStore>;
