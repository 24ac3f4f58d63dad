import { LRUCache } from 'lru-cache';
import { type Digest, digestAlgorithm, digestOf } from '../oci/digest.ts';
import { type BlobStore, DigestMismatchError } from '../store/blob-store.ts';
import type { BlobRecord } from '../store/metadata-store.ts';

/** Bytes. Image configs are smaller; a larger blob costs more to send than to open. */
const SMALL = 128 * 1024;

/** Bytes of all; some thousand configs. They never change, so nothing has to be invalidated. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Blobs to be read, the small and hot ones from memory: to open, read and close a file takes several times as long as
 * to send a few kilobytes. Who may have a blob, and whether it is still held, is asked of the stores every time.
 */
export class SmallBlobs {
  readonly #blobs: Pick<BlobStore, 'open'>;
  readonly #recent = new LRUCache<Digest, Uint8Array>({
    maxSize: MAX_BYTES,
    sizeCalculation: (bytes) => bytes.byteLength,
  });

  constructor(blobs: Pick<BlobStore, 'open'>) {
    this.#blobs = blobs;
  }

  /**
   * All its bytes, or undefined where it is not small; `size`: bytes of the blob. Fails as `BlobStore.open` does, and with
   * DigestMismatchError where they are not what they should be.
   */
  async read({ digest, size }: BlobRecord): Promise<Uint8Array | undefined> {
    // The cache takes nothing of no size.
    if (size === 0 || size > SMALL) return undefined;
    return this.#recent.get(digest) ?? this.#fetch(digest, size);
  }

  async #fetch(digest: Digest, size: number): Promise<Uint8Array> {
    const whole = new Uint8Array(size);
    let read = 0;
    for await (const chunk of await this.#blobs.open(digest, { start: 0, end: size })) {
      whole.set(chunk, read);
      read += chunk.byteLength;
    }
    // Damaged bytes in memory would outlive the repair of the file. Asked once for each read, this costs little.
    const actual = digestOf(whole, digestAlgorithm(digest));
    if (actual !== digest) throw new DigestMismatchError(digest, actual);
    this.#recent.set(digest, whole);
    return whole;
  }
}
