/**
 * Two buffers used in turn: while the consumer works on one, the next read fills the other. They grow to
 * what is asked for, so that a small blob costs a small buffer.
 */
export class AlternatingBuffers {
  readonly #max: number;
  readonly #buffers: Uint8Array[] = [];
  #turn = 0;

  /** `max`: bytes of each buffer at most. */
  constructor(max: number) {
    this.#max = max;
  }

  /** The buffer after the one given last, `wanted` bytes long or as long as allowed. */
  next(wanted: number): Uint8Array {
    const length = Math.min(wanted, this.#max);
    this.#turn = 1 - this.#turn;
    let buffer = this.#buffers[this.#turn];
    if (buffer === undefined || buffer.length < length) {
      buffer = Buffer.allocUnsafeSlow(Math.min(this.#max, 2 ** Math.ceil(Math.log2(length))));
      this.#buffers[this.#turn] = buffer;
    }
    return buffer.subarray(0, length);
  }
}

/** Sent through a socket a gigabyte costs 0.30 CPU-s with this, as with twice as much; 0.44 with a quarter, 1.08 with 64 KiB. */
const BUFFER = 1024 * 1024;

/** From this many readers on the network is the limit, and memory would be. */
const MANY_READERS = 64;

const BUFFER_AMONG_MANY = 128 * 1024;

/** Gives readers their buffers: large ones, unless there are so many that slow clients would pin memory. */
export class ReaderBuffers {
  #readers = 0;

  /** Buffers for one more reader, who calls `release` once when it has left. */
  take(): { readonly buffers: AlternatingBuffers; readonly release: () => void } {
    this.#readers += 1;
    const size = this.#readers > MANY_READERS ? BUFFER_AMONG_MANY : BUFFER;
    return {
      buffers: new AlternatingBuffers(size),
      release: () => {
        this.#readers -= 1;
      },
    };
  }
}
