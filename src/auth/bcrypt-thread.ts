/** bcrypt in a thread of its own: a comparison takes a quarter of a second and more of computing, and requests must not wait for it. */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** A text, because as a file it would have one name in the sources and another one when built. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { compareSync } = require(workerData);
parentPort.on('message', ({ id, password, hash }) => {
  parentPort.postMessage({ id, equal: compareSync(password, hash) });
});
`;

interface Verdict {
  readonly id: number;
  readonly equal: boolean;
}

interface Waiting {
  readonly resolve: (equal: boolean) => void;
  readonly reject: (error: Error) => void;
}

export class BcryptThread {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;

  /** Comparisons that are asked for and not answered yet. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** Whether the password is the hash's. One after the other. */
  compare(password: string, hash: string): Promise<boolean> {
    this.#worker ??= this.#start();
    this.#lastId += 1;
    const id = this.#lastId;
    this.#worker.postMessage({ id, password, hash });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
  }

  /** Comparisons that are still wanted reject. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const bcrypt = createRequire(import.meta.url).resolve('bcryptjs');
    const worker = new Worker(PROGRAM, { eval: true, workerData: bcrypt, execArgv: [] });
    worker.on('message', ({ id, equal }: Verdict) => {
      this.#waiting.get(id)?.resolve(equal);
      this.#waiting.delete(id);
    });
    worker.on('error', (error: Error) => this.#ended(worker, error));
    worker.on('exit', () => this.#ended(worker, new Error('the password check has ended')));
    // It keeps nobody from ending: whoever waits for it has a connection open that does. Last, because a listener undoes it.
    worker.unref();
    return worker;
  }

  #ended(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
