import { WITHHELD } from './blob-store.ts';

/**
 * How far one write has come, how much of it followers may have, and how it ended; wakes those who wait
 * for a change. It knows nothing of where the bytes are, so every blob store can use it.
 */
export class WriteProgress {
  #size: number;
  #expectedSize: number | undefined;
  #verified = false;
  #failure: Error | undefined;
  #followers = 0;
  readonly #waiting = new Set<() => void>();

  constructor(size: number) {
    this.#size = size;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  /** The digest of all that is written has been found right: nothing is withheld, nothing more will come. */
  get verified(): boolean {
    return this.#verified;
  }

  get followed(): boolean {
    return this.#followers > 0;
  }

  /** Where the bytes end that a follower may have now (see `BlobWriter.follow`). */
  get visibleEnd(): number {
    if (this.#verified) return this.#size;
    const end = (this.#expectedSize ?? this.#size) - WITHHELD;
    return Math.max(0, Math.min(this.#size, end));
  }

  resize(size: number): void {
    this.#size = size;
    this.#verified = false;
    this.#wake();
  }

  expectSize(size: number): void {
    this.#expectedSize = size;
    this.#wake();
  }

  verify(): void {
    this.#verified = true;
    this.#wake();
  }

  /** Ends the write for every follower, those to come included. The first reason stands. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    this.#wake();
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Counts one follower in; call what it returns when the follower has left. */
  join(): () => void {
    this.#followers += 1;
    return () => {
      this.#followers -= 1;
    };
  }

  /** Resolves at the next change, or when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
