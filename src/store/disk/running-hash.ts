import { createHash, type Hash } from 'node:crypto';
import { type Digest, type DigestAlgorithm, finishDigest } from '../../oci/digest.ts';
import { readSpan } from './read-span.ts';
import { AlternatingBuffers } from './reader-buffers.ts';
import type { SharedFile } from './shared-file.ts';

/** Large reads when bytes on disk are hashed again. */
const REHASH_BUFFER = 1024 * 1024;

/**
 * The digest of a growing file. Everything about *how* bytes are hashed is in here; the methods are
 * async so that it can happen elsewhere than on this thread.
 */
export class RunningHash {
  readonly algorithm: DigestAlgorithm;
  #hash: Hash;
  #length = 0;
  /** The state at the last `mark`, so that dropping an append costs no second pass. */
  #marked: { readonly hash: Hash; readonly length: number } | undefined;

  constructor(algorithm: DigestAlgorithm) {
    this.algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  /** Takes in the next bytes; they must not change until it resolves. */
  async update(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#length += bytes.length;
  }

  /** Remembers this state as one to come back to. */
  mark(): void {
    this.#marked = { hash: this.#hash.copy(), length: this.#length };
  }

  /** Makes this the hash of exactly the first `size` bytes of `file`, whatever it was before. */
  async align(file: SharedFile, size: number): Promise<void> {
    if (this.#length > size) {
      const marked = this.#marked;
      const usable = marked !== undefined && marked.length <= size;
      this.#hash = usable ? marked.hash.copy() : createHash(this.algorithm);
      this.#length = usable ? marked.length : 0;
    }
    const missing = { start: this.#length, end: size };
    const buffers = new AlternatingBuffers(REHASH_BUFFER);
    for await (const chunk of readSpan(file, missing, buffers)) await this.update(chunk);
  }

  /** The digest of all bytes so far; more may follow. */
  async digest(): Promise<Digest> {
    return finishDigest(this.#hash.copy(), this.algorithm);
  }
}
