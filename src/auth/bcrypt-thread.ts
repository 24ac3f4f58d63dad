/** bcrypt in a thread of its own: a comparison takes a quarter of a second and more of computing, and requests must not wait for it. */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { AnsweringThread } from '../answering-thread.ts';

/** A text, because as a file it would have one name in the sources and another one when built. */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { compareSync } = require(workerData);
parentPort.on('message', ({ password, hash }) => {
  parentPort.postMessage(compareSync(password, hash));
});
`;

interface Comparison {
  readonly password: string;
  readonly hash: string;
}

export class BcryptThread {
  readonly #thread = new AnsweringThread<Comparison, boolean>('the password check', begin);

  /** Comparisons that are asked for and not answered yet. */
  get pending(): number {
    return this.#thread.pending;
  }

  /** Whether the password is the hash's. One after the other. */
  compare(password: string, hash: string): Promise<boolean> {
    return this.#thread.ask({ password, hash });
  }

  /** Comparisons that are still wanted reject. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}

function begin(): Worker {
  const bcrypt = createRequire(import.meta.url).resolve('bcryptjs');
  return new Worker(PROGRAM, { eval: true, workerData: bcrypt, execArgv: [] });
}
