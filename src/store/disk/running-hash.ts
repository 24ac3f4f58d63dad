import { type Digest, type DigestAlgorithm, namedDigest } from '../../oci/digest.ts';
import { type Hashing, LocalHash } from './hashing.ts';
import type { HashThread } from './hash-thread.ts';
import { readSpan } from './read-span.ts';
import { AlternatingBuffers } from './reader-buffers.ts';
import type { SharedFile } from './shared-file.ts';

/** Large reads when bytes on disk are hashed again. */
const REHASH_BUFFER = 1024 * 1024;

/** From so many bytes on a hash is worth messages to another thread. */
const LARGE = 4 * 1024 * 1024;

/** The digest of a growing file: of a small one on this thread, of a large one on another. */
export class RunningHash {
  readonly algorithm: DigestAlgorithm;
  readonly #thread: HashThread;
  #hash: Hashing;
  #length = 0;
  /** The state at the last `mark`, so that dropping an append costs no second pass. */
  #marked: { readonly hash: Hashing; readonly length: number } | undefined;

  constructor(algorithm: DigestAlgorithm, thread: HashThread) {
    this.algorithm = algorithm;
    this.#thread = thread;
    this.#hash = LocalHash.begin(algorithm);
  }

  /** Takes in the next bytes; they must not change until it resolves. */
  async update(bytes: Uint8Array): Promise<void> {
    await this.#hash.update(bytes);
    this.#length += bytes.length;
  }

  /** Remembers this state as one to come back to. */
  mark(): void {
    this.#marked = { hash: this.#hash.copy(), length: this.#length };
  }

  /** Makes this the hash of exactly the first `size` bytes of `file`, whatever it was before. */
  async align(file: SharedFile, size: number): Promise<void> {
    if (this.#length > size) this.#goBack(size);
    if (size >= LARGE && this.#hash instanceof LocalHash) {
      // What has been hashed cannot be handed over, but so little of it is soon hashed again.
      this.#hash = this.#thread.begin(this.algorithm);
      this.#length = 0;
    }
    if (this.#length === size) return;
    const missing = { start: this.#length, end: size };
    const buffers = new AlternatingBuffers(REHASH_BUFFER);
    for await (const chunk of readSpan(file, missing, buffers)) await this.update(chunk);
  }

  /** The digest of all bytes so far; more may follow. */
  async digest(): Promise<Digest> {
    return namedDigest(this.algorithm, await this.#hash.hex());
  }

  #goBack(size: number): void {
    const marked = this.#marked;
    const usable = marked !== undefined && marked.length <= size;
    this.#hash = usable ? marked.hash.copy() : LocalHash.begin(this.algorithm);
    this.#length = usable ? marked.length : 0;
  }
}
