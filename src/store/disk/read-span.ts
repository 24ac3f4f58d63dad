import type { ByteSpan } from '../blob-store.ts';
import type { SharedFile } from './shared-file.ts';

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

/** The bytes of a span, read one buffer ahead of the consumer. A chunk is overwritten two chunks later. */
export async function* readSpan(
  file: SharedFile,
  span: ByteSpan,
  buffers: AlternatingBuffers,
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = span.start;
  let ahead: Promise<Uint8Array> | undefined;
  const read = (): Promise<Uint8Array> | undefined => {
    if (position >= span.end) return undefined;
    const target = buffers.next(span.end - position);
    const reading = file.read(target, position).then(() => target);
    position += target.length;
    // Its failure is seen when the chunk's turn comes; until then it must not count as unhandled.
    reading.catch(() => undefined);
    return reading;
  };
  try {
    ahead = read();
    while (ahead !== undefined) {
      const chunk = await ahead;
      ahead = read();
      yield chunk;
    }
  } finally {
    // The buffer of a read in flight must not be let go under it.
    await ahead?.catch(() => undefined);
  }
}
