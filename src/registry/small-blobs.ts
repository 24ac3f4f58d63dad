import { LRUCache } from 'lru-cache';
import type { Digest } from '../oci/digest.ts';
import type { BlobStore, Bytes, ByteSpan } from '../store/blob-store.ts';

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

  /** As `BlobStore.open`; `size`: bytes of the whole blob. */
  async open(digest: Digest, size: number, span?: ByteSpan): Promise<Bytes> {
    // The cache takes nothing of no size.
    if (size === 0 || size > SMALL) return this.#blobs.open(digest, span);
    const whole = this.#recent.get(digest) ?? (await this.#read(digest, size));
    return once(span ? whole.subarray(span.start, span.end) : whole);
  }

  async #read(digest: Digest, size: number): Promise<Uint8Array> {
    const whole = new Uint8Array(size);
    let read = 0;
    for await (const chunk of await this.#blobs.open(digest, { start: 0, end: size })) {
      whole.set(chunk, read);
      read += chunk.byteLength;
    }
    this.#recent.set(digest, whole);
    return whole;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
