import { Worker } from 'node:worker_threads';
import { AnsweringThread } from '../../answering-thread.ts';
import type { DigestAlgorithm } from '../../oci/digest.ts';
import type { HashAnswer, HashRequest } from './hash-messages.ts';
import type { Hashing } from './hashing.ts';

const MAIN = new URL('./hash-thread-main.js', import.meta.url);

/** A thread that hashes, so that the one that moves the bytes has time for them. */
export class HashThread {
  readonly #thread = new AnsweringThread<HashRequest, HashAnswer>(
    'the hashing thread',
    () => new Worker(MAIN),
  );
  #numbers = 0;
  /** A hash that nobody has any more is forgotten over there, too. */
  readonly #forgotten = new FinalizationRegistry<number>((hash) => {
    this.#tell({ kind: 'end', hash });
  });

  begin(algorithm: DigestAlgorithm): Hashing {
    const hash = this.#number();
    this.#tell({ kind: 'begin', hash, algorithm });
    return this.#made(hash);
  }

  copy(original: number): Hashing {
    const copy = this.#number();
    this.#tell({ kind: 'copy', hash: original, copy });
    return this.#made(copy);
  }

  /** Resolves with the answer, which is empty but for a digest. Memory that is shared is not copied. */
  async ask(request: HashRequest): Promise<string> {
    const answer = await this.#thread.ask(request);
    if ('failure' in answer) throw new Error(answer.failure);
    return answer.hex ?? '';
  }

  /** Whoever still waits for it gets an error. */
  close(): Promise<void> {
    return this.#thread.close();
  }

  #tell(request: HashRequest): void {
    // Its failure shows when the hash is used.
    this.ask(request).catch(() => undefined);
  }

  #made(number: number): Hashing {
    const made = new ThreadHash(this, number);
    this.#forgotten.register(made, number);
    return made;
  }

  #number(): number {
    this.#numbers += 1;
    return this.#numbers;
  }
}

/** One hash on the thread. */
class ThreadHash implements Hashing {
  readonly #thread: HashThread;
  readonly #number: number;

  constructor(thread: HashThread, number: number) {
    this.#thread = thread;
    this.#number = number;
  }

  async update(bytes: Uint8Array): Promise<void> {
    const { buffer, byteLength } = bytes;
    // A message takes the whole memory behind a view along, unless it is shared. Not `slice`: a Buffer's own copies nothing.
    const isPart = !(buffer instanceof SharedArrayBuffer) && byteLength < buffer.byteLength;
    const sent = isPart ? new Uint8Array(bytes) : bytes;
    await this.#thread.ask({ kind: 'update', hash: this.#number, bytes: sent });
  }

  copy(): Hashing {
    return this.#thread.copy(this.#number);
  }

  hex(): Promise<string> {
    return this.#thread.ask({ kind: 'digest', hash: this.#number });
  }
}
