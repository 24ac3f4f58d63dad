import { Worker } from 'node:worker_threads';
import type { DigestAlgorithm } from '../../oci/digest.ts';
import type { HashAnswer, HashRequest } from './hash-messages.ts';
import type { Hashing } from './hashing.ts';

const MAIN = new URL('./hash-thread-main.js', import.meta.url);

interface Waiting {
  readonly resolve: (hex: string) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread that hashes, so that the one that moves the bytes has time for them. It begins with its first hash, and
 * keeps the process alive only while somebody waits for an answer.
 */
export class HashThread {
  #worker: Worker | undefined;
  #numbers = 0;
  readonly #waiting: Waiting[] = [];
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
  ask(request: HashRequest): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      const worker = this.#running();
      // Whoever waits for an answer is not to find the process gone.
      worker.ref();
      worker.postMessage(request);
    });
  }

  /** Whoever still waits for it gets an error. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
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

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(MAIN);
    worker.on('message', (answer: HashAnswer) => {
      const waiting = this.#waiting.shift();
      if (this.#waiting.length === 0) worker.unref();
      if ('failure' in answer) waiting?.reject(new Error(answer.failure));
      else waiting?.resolve(answer.hex ?? '');
    });
    worker.on('error', (error) => this.#ended(worker, error));
    worker.on('exit', () => this.#ended(worker, new Error('the hashing thread has ended')));
    this.#worker = worker;
    return worker;
  }

  #ended(worker: Worker, error: Error): void {
    // An error is followed by an exit, which must not end the thread that has come after it.
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
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
    // A message takes the whole memory behind a view along, unless it is shared.
    const sent = bytes.buffer instanceof SharedArrayBuffer ? bytes : bytes.slice();
    await this.#thread.ask({ kind: 'update', hash: this.#number, bytes: sent });
  }

  copy(): Hashing {
    return this.#thread.copy(this.#number);
  }

  hex(): Promise<string> {
    return this.#thread.ask({ kind: 'digest', hash: this.#number });
  }
}
