import { ArchiveError } from './archive-error.ts';
import type { TarInput } from './tar-entries.ts';

/** A tar that comes by once. */
export class TarStreamInput implements TarInput {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = Buffer.alloc(0);
  #position = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  get position(): number {
    return this.#position;
  }

  async read(size: number): Promise<Buffer> {
    const buffer = Buffer.alloc(size);
    let filled = 0;
    while (filled < size) {
      const piece = await this.#next(size - filled);
      if (piece === undefined) break;
      buffer.set(piece, filled);
      filled += piece.byteLength;
    }
    return buffer.subarray(0, filled);
  }

  async skipTo(position: number): Promise<void> {
    while (this.#position < position) {
      if ((await this.#next(position - this.#position)) === undefined) throw cutShort();
    }
  }

  /** The next `size` bytes as they arrive. */
  async *body(size: number): AsyncGenerator<Uint8Array> {
    const end = this.#position + size;
    while (this.#position < end) {
      const piece = await this.#next(end - this.#position);
      if (piece === undefined) throw cutShort();
      yield piece;
    }
  }

  /** Reads on to the end, but for no more than `max` bytes. */
  async drain(max: number): Promise<void> {
    const end = this.#position + max;
    while (this.#position < end && (await this.#next(end - this.#position)) !== undefined);
  }

  /** Ends the source, wherever it is. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #next(max: number): Promise<Uint8Array | undefined> {
    while (this.#chunk.byteLength === 0) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#chunk = next.value;
    }
    const piece = this.#chunk.subarray(0, max);
    this.#chunk = this.#chunk.subarray(piece.byteLength);
    this.#position += piece.byteLength;
    return piece;
  }
}

function cutShort(): ArchiveError {
  return new ArchiveError('the archive is cut short');
}
