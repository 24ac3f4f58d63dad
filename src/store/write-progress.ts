import { WITHHELD } from './blob-store.ts';

/** Bytes of a blob that are copied when they arrive, so that they can still be given away when they are written: whole configs. */
const KEPT_IN_MEMORY = 64 * 1024;

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
  /** What is being written, or was written last. */
  #arriving: { readonly start: number; readonly bytes: Uint8Array } | undefined;
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
    return this.#visible(this.#size);
  }

  /**
   * Bytes from `position` up to `end` that a follower may have now and that are in memory, maybe before they are written: at least one, or
   * undefined. Valid in this turn of the event loop.
   */
  inMemory(position: number, end: number): Uint8Array | undefined {
    if (this.#arriving === undefined) return undefined;
    const { start, bytes } = this.#arriving;
    const visible = Math.min(end, this.#visible(start + bytes.length));
    if (position < start || position >= visible) return undefined;
    return bytes.subarray(position - start, visible - start);
  }

  /** `bytes` are being written behind the others. Call what it returns when their memory is to be used again. */
  arrive(bytes: Uint8Array): () => void {
    const isKept = this.#size + bytes.length <= KEPT_IN_MEMORY;
    // Not `slice`: a Buffer's own copies nothing.
    const arriving = { start: this.#size, bytes: isKept ? new Uint8Array(bytes) : bytes };
    this.#arriving = arriving;
    this.#wake();
    return () => {
      if (!isKept && this.#arriving === arriving) this.#arriving = undefined;
    };
  }

  resize(size: number): void {
    if (size < this.#size) this.#arriving = undefined;
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

  #visible(size: number): number {
    if (this.#verified) return size;
    return Math.max(0, Math.min(size, (this.#expectedSize ?? size) - WITHHELD));
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
