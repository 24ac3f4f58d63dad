import { setTimeout as sleep } from 'node:timers/promises';

/** Of the time: a look at each of a million blobs takes a minute of the one thread that also answers clients. */
const SHARE = 0.1;

/** Milliseconds; a client hardly notices them. */
const WORK_MS = 10;

/** Makes work in the background rest so often that it takes no more than a small share of the time. */
export class Pace {
  #began = performance.now();

  /** To be awaited between two small pieces of work; rejects with an AbortError when `signal` aborts. */
  async rest(signal?: AbortSignal): Promise<void> {
    const worked = performance.now() - this.#began;
    if (worked < WORK_MS) return;
    await sleep(worked * (1 / SHARE - 1), undefined, signal && { signal });
    this.#began = performance.now();
  }
}
