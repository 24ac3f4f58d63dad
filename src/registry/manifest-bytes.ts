import { LRUCache } from 'lru-cache';
import { type Digest, digestAlgorithm, digestOf } from '../oci/digest.ts';
import type { MetadataStore } from '../store/metadata-store.ts';

/** Some ten thousand manifests of usual size; bytes by digest never change, so nothing has to be invalidated. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Manifest bytes by digest, the hot ones in memory. Whether a repository may show them is asked of the store every time. */
export class ManifestBytes {
  readonly #metadata: MetadataStore;
  readonly #recent = new LRUCache<Digest, Uint8Array>({
    maxSize: MAX_BYTES,
    sizeCalculation: (content) => content.byteLength,
  });

  constructor(metadata: MetadataStore) {
    this.#metadata = metadata;
  }

  /** Undefined where no repository holds the manifest; throws where its bytes are damaged. */
  async read(digest: Digest): Promise<Uint8Array | undefined> {
    const recent = this.#recent.get(digest);
    if (recent) return recent;
    const content = await this.#metadata.readManifest(digest);
    if (!content) return undefined;
    // A database does not notice when its disk turns a bit; asked once for each read from it, this costs little.
    if (digestOf(content, digestAlgorithm(digest)) !== digest) {
      throw new Error(`the bytes of manifest ${digest} are damaged`);
    }
    this.#recent.set(digest, content);
    return content;
  }
}
