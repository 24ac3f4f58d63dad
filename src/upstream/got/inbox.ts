/** What a socket reads while its reader is busy: two buffers in turn, one filling, the other with the reader. */

/** Two of these take 2 MiB a body; what a disk writes at once gets no faster with more. */
const CAPACITY = 1024 * 1024;

/** Shared, so that another thread can hash it without a copy. */
function newBuffer(): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(CAPACITY));
}

export class Inbox {
  readonly #largestPiece: number;
  readonly #onRoom: () => void;
  #filling: Uint8Array = newBuffer();
  #other: Uint8Array = newBuffer();
  #filled = 0;
  #full = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** `largestPiece`: bytes that `add` is called with at most. `onRoom` is called when there is room again after `add` gave false. */
  constructor(largestPiece: number, onRoom: () => void) {
    this.#largestPiece = largestPiece;
    this.#onRoom = onRoom;
  }

  /** Copies the piece; false: no more until `onRoom`. */
  add(piece: Uint8Array): boolean {
    this.#filling.set(piece, this.#filled);
    this.#filled += piece.length;
    this.#full = this.#filled + this.#largestPiece > CAPACITY;
    this.#wake?.();
    return !this.#full;
  }

  /** Nothing more will come. The first failure stands. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  /** All that has come since the last call, at least one byte; valid until the next call. Rejects with the failure once all was given. */
  async next(): Promise<Uint8Array> {
    while (this.#filled === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const given = this.#filling.subarray(0, this.#filled);
    [this.#filling, this.#other] = [this.#other, this.#filling];
    this.#filled = 0;
    if (this.#full) {
      this.#full = false;
      this.#onRoom();
    }
    return given;
  }
}
