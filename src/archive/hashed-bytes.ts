import { createHash, type Hash } from 'node:crypto';
import { type Digest, type DigestAlgorithm, finishDigest } from '../oci/digest.ts';
import { HEAD_BYTES } from './content.ts';

/** Bytes that are hashed and counted while they go by, once. */
export class HashedBytes implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #algorithm: DigestAlgorithm;
  readonly #hash: Hash;
  #head: Buffer = Buffer.alloc(0);
  #size = 0;
  #digest: Digest | undefined;

  constructor(source: AsyncIterable<Uint8Array>, algorithm: DigestAlgorithm = 'sha256') {
    this.#source = source;
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  /** Bytes that have gone by. */
  get size(): number {
    return this.#size;
  }

  /** The first bytes that went by. */
  get head(): Uint8Array {
    return this.#head;
  }

  /** Of all bytes; known when they have gone by to the end. */
  get digest(): Digest {
    if (this.#digest === undefined) throw new Error('the bytes have not been read to their end');
    return this.#digest;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.#hash.update(chunk);
      if (this.#head.byteLength < HEAD_BYTES) {
        this.#head = Buffer.concat([this.#head, chunk.subarray(0, HEAD_BYTES)]);
      }
      this.#size += chunk.byteLength;
      yield chunk;
    }
    this.#digest = finishDigest(this.#hash, this.#algorithm);
  }
}
