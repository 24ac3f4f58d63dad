/**
 * Buffers used in turn: where there are two, the next read fills one while the consumer works on the other. They grow to
 * what is asked for, so that a small blob costs a small buffer.
 */
export class AlternatingBuffers {
  /** With a single buffer nothing can be read ahead. */
  readonly count: 1 | 2;
  readonly #max: number;
  readonly #buffers: Uint8Array[] = [];
  #turn = 0;

  /** `max`: bytes of each buffer at most. */
  constructor(max: number, count: 1 | 2 = 2) {
    this.#max = max;
    this.count = count;
  }

  /** The buffer after the one given last, `wanted` bytes long or as long as allowed. */
  next(wanted: number): Uint8Array {
    const length = Math.min(wanted, this.#max);
    this.#turn = (this.#turn + 1) % this.count;
    let buffer = this.#buffers[this.#turn];
    if (buffer === undefined || buffer.length < length) {
      buffer = Buffer.allocUnsafeSlow(Math.min(this.#max, 2 ** Math.ceil(Math.log2(length))));
      this.#buffers[this.#turn] = buffer;
    }
    return buffer.subarray(0, length);
  }
}

/** Sent through a socket a gigabyte costs 0.30 CPU-s with this, as with twice as much; 0.44 with a quarter, 1.08 with 64 KiB. */
const LARGEST = 1024 * 1024;

/** Below this system calls cost more than the bytes. */
const SMALLEST = 32 * 1024;

/** What the readers with two large buffers may have together. Each doubling of the number of readers adds a quarter. */
const SHARED = 16 * 1024 * 1024;

/**
 * Gives each reader the buffers that are its share when it comes: two large ones as long as the processor is the limit.
 * Where there are so many readers that the network is, slow ones would pin memory: a single, smaller one, for while one
 * waits for the disk the others have work.
 */
export class ReaderBuffers {
  #readers = 0;

  /** Buffers for one more reader, who calls `release` once when it has left. */
  take(): { readonly buffers: AlternatingBuffers; readonly release: () => void } {
    this.#readers += 1;
    // Whole powers of two, because that is what buffers grow by.
    const share = 2 ** Math.floor(Math.log2(SHARED / (2 * this.#readers)));
    const size = Math.max(SMALLEST, Math.min(LARGEST, share));
    return {
      buffers: new AlternatingBuffers(size, size === LARGEST ? 2 : 1),
      release: () => {
        this.#readers -= 1;
      },
    };
  }
}
