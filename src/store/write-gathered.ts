import type { Bytes } from './blob-store.ts';

/**
 * Chunks that arrive while a write is in flight are copied together and written as one, up to this much.
 * The copy costs a twentieth of the hashing and buys three things: the source may use its memory again
 * at once (`Bytes`), the network's slabs are not pinned, and a writer never holds more than two of these.
 */
const MAX_GATHERED = 1024 * 1024;

/** What the first two buffers hold: most manifests' configs and many layers need no more. */
const FIRST_GATHERED = 64 * 1024;

/** A chunk of this size is written as it is: the source reads on meanwhile, and there is little to be gained by gathering more. */
const LARGE_CHUNK = 256 * 1024;

/**
 * Writes everything that `source` gives, in order: at once where nothing is being written (a slow source's
 * followers wait for no full buffer), in large pieces where the source is faster than the disk.
 *
 * Rejects with the reason of `signal` or of `source` after what was received before has been written, and
 * with the failure of `write` at once. `source` is left in either case, without waiting for it.
 */
export async function writeGathered(
  source: Bytes,
  write: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const chunks = source[Symbol.asyncIterator]();
  // One slot for the wait that is on, instead of Promise.race, which would leave a reaction per chunk behind.
  let stopped: { readonly reason: unknown } | undefined;
  let interrupt: ((reason: unknown) => void) | undefined;
  const stop = (reason: unknown): void => {
    stopped ??= { reason };
    interrupt?.(reason);
  };
  const onAbort = (): void => stop(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const gatherer = new Gatherer(write, stop);
  try {
    for (;;) {
      if (stopped !== undefined) throw stopped.reason;
      const next = await new Promise<IteratorResult<Uint8Array, unknown>>((resolve, reject) => {
        interrupt = reject;
        chunks.next().then(resolve, reject);
      });
      if (next.done === true) break;
      if (next.value.length >= LARGE_CHUNK) {
        await gatherer.flush();
        await write(next.value);
      } else {
        await gatherer.add(next.value);
      }
    }
  } catch (error) {
    chunks.return?.().catch(() => undefined);
    await gatherer.flush();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  await gatherer.flush();
}

class Gatherer {
  readonly #write: (bytes: Uint8Array) => Promise<void>;
  readonly #onFailure: (reason: unknown) => void;
  #filling: Uint8Array = Buffer.allocUnsafeSlow(FIRST_GATHERED);
  #filled = 0;
  #spare: Uint8Array | undefined;
  /** The write in flight; it never rejects, `#failure` tells. */
  #writing: Promise<void> | undefined;
  #failure: { readonly reason: unknown } | undefined;

  constructor(write: (bytes: Uint8Array) => Promise<void>, onFailure: (reason: unknown) => void) {
    this.#write = write;
    this.#onFailure = onFailure;
  }

  /** Resolves when `chunk` has been copied; waits for the disk where both buffers are full. */
  async add(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.length;) {
      this.#throwIfFailed();
      const room = this.#filling.length - this.#filled;
      if (room === 0) {
        await this.#writing;
        continue;
      }
      const part = chunk.subarray(taken, taken + room);
      this.#filling.set(part, this.#filled);
      this.#filled += part.length;
      taken += part.length;
      this.#writeNext();
    }
  }

  /** Resolves when all that was added is written. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    this.#throwIfFailed();
  }

  #writeNext(): void {
    if (this.#writing !== undefined || this.#filled === 0 || this.#failure !== undefined) return;
    const full = this.#filled === this.#filling.length;
    const batch = this.#filling.subarray(0, this.#filled);
    const written = this.#filling;
    // A buffer that filled up while the disk was busy was too small for this source.
    const size = full ? MAX_GATHERED : written.length;
    this.#filling =
      this.#spare !== undefined && this.#spare.length >= size
        ? this.#spare
        : // Shared, so that another thread can hash it without a copy.
          new Uint8Array(new SharedArrayBuffer(size));
    this.#filled = 0;
    this.#spare = written;
    this.#writing = this.#write(batch)
      .catch((reason: unknown) => {
        this.#failure = { reason };
        this.#onFailure(reason);
      })
      .then(() => {
        this.#writing = undefined;
        this.#writeNext();
      });
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }
}
