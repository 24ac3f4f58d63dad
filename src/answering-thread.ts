import type { Worker } from 'node:worker_threads';

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread that answers every message with one of its own, in their order. It begins with the first message, and again with
 * the next one after it has ended; it keeps the process alive only while somebody waits for an answer.
 */
export class AnsweringThread<Request, Answer> {
  readonly #begin: () => Worker;
  readonly #what: string;
  readonly #waiting: Waiting<Answer>[] = [];
  #worker: Worker | undefined;

  /** @param what - for errors, as in "… has ended" */
  constructor(what: string, begin: () => Worker) {
    this.#what = what;
    this.#begin = begin;
  }

  /** Messages that are not answered yet. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Resolves with the answer; rejects where the thread ends first. Memory that is shared is not copied. */
  ask(request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#worker ??= this.#started();
      this.#worker.postMessage(request);
      // Whoever waits for an answer is not to find the process gone.
      this.#worker.ref();
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Whoever still waits for an answer gets an error. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #started(): Worker {
    const worker = this.#begin();
    worker.on('message', (answer: Answer) => {
      const waiting = this.#waiting.shift();
      if (this.#waiting.length === 0) worker.unref();
      waiting?.resolve(answer);
    });
    worker.on('error', (error) => this.#ended(worker, error));
    worker.on('exit', () => this.#ended(worker, new Error(`${this.#what} has ended`)));
    return worker;
  }

  #ended(worker: Worker, error: Error): void {
    // An error is followed by an exit, which must not end the thread that has come after it.
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
