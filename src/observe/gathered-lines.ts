import type { DestinationStream } from 'pino';

/** pino's number of the level `warn`. */
const WARN = 40;

/** Asks pino to set `lastLevel` before each line. */
const METADATA: unique symbol = Symbol.for('pino.metadata');

/**
 * Hands on the lines of one turn of the event loop as one write: a system call for each line would cost a warm answer a
 * tenth of its time. Warnings and failures go out at once, with all that was said before, and so does what is left when
 * the process ends: the last words before a crash are the ones that are needed.
 */
export class GatheredLines implements DestinationStream {
  readonly [METADATA] = true;
  lastLevel = 0;
  readonly #target: DestinationStream;
  #lines = '';

  /** `target` has written when its `write` returns. */
  constructor(target: DestinationStream) {
    this.#target = target;
  }

  write(line: string): void {
    if (this.#lines === '') {
      setImmediate(this.#flush);
      process.once('exit', this.#flush);
    }
    this.#lines += line;
    if (this.lastLevel >= WARN) this.#flush();
  }

  readonly #flush = (): void => {
    const lines = this.#lines;
    if (lines === '') return;
    this.#lines = '';
    process.off('exit', this.#flush);
    this.#target.write(lines);
  };
}
