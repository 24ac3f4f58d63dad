import { createHash, type Hash } from 'node:crypto';
import type { DigestAlgorithm } from '../../oci/digest.ts';

/** A hash that may be anywhere. */
export interface Hashing {
  /** The bytes must not change until it resolves. */
  update(bytes: Uint8Array): Promise<void> | void;
  /** Another one in the same state. */
  copy(): Hashing;
  /** Lower-case hex of all bytes so far; more may follow. */
  hex(): Promise<string> | string;
}

/** On this thread. */
export class LocalHash implements Hashing {
  readonly #hash: Hash;

  private constructor(hash: Hash) {
    this.#hash = hash;
  }

  static begin(algorithm: DigestAlgorithm): LocalHash {
    return new LocalHash(createHash(algorithm));
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  copy(): LocalHash {
    return new LocalHash(this.#hash.copy());
  }

  hex(): string {
    return this.#hash.copy().digest('hex');
  }
}
