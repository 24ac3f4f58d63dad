/**
 * A large body over several connections, for upstreams that limit each: ranges of it are fetched side by side, and given in their order.
 * What comes before its turn waits in memory, one range for each connection at most, in memory that is used again: new memory for
 * each chunk costs as much as all the rest.
 */
import { UpstreamError } from '../upstream/errors.ts';
import type { UpstreamBlob } from '../upstream/upstream.ts';
import type { ByteSpan } from '../store/blob-store.ts';
import { resuming, triesAllowed } from './resuming.ts';

/** Bytes; below the size from which on a body costs its connection. */
const RANGE = 3 * 1024 * 1024;

/** Upstream answers ranges with the whole. */
export class RangesIgnoredError extends Error {
  override readonly name = 'RangesIgnoredError';
}

export interface RangedBodyOptions {
  /** Asks for the span; undefined where upstream gives no ranges. */
  readonly open: (span: ByteSpan, signal: AbortSignal) => Promise<UpstreamBlob | undefined>;
  /** Bytes of the whole blob. */
  readonly size: number;
  readonly connections: number;
  readonly signal: AbortSignal;
  /** The first bytes are there. */
  readonly onBegun: () => void;
  readonly onResume: (at: number, cause: Error) => void;
}

/** The bytes from `start` on. Fails with RangesIgnoredError, or with the UpstreamError of the range whose turn it is. */
export async function* rangedBody(
  start: number,
  options: RangedBodyOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { size, connections, onBegun, onResume } = options;
  const leaving = new AbortController();
  const signal = AbortSignal.any([options.signal, leaving.signal]);
  const spans = spansOf(start, size);
  const ranges: Range[] = [];
  const buffers: Uint8Array[] = [];
  let answered = false;
  /** Until so many are under way, or all. */
  const fetch = (count: number): void => {
    while (ranges.length < count) {
      const span = spans.next();
      if (span.done === true) return;
      const bytes = resuming(
        span.value.start,
        (position) => read({ start: position, end: span.value.end }, options, signal),
        {
          signal,
          end: () => span.value.end,
          onResume,
          tries: (error) => triesAllowed(answered, error),
        },
      );
      ranges.push(new Range(bytes, buffers.pop() ?? newBuffer(Math.min(RANGE, size - start))));
    }
  };
  try {
    // Whether upstream gives ranges at all shows with the first one.
    fetch(1);
    await ranges[0]?.begun();
    answered = true;
    onBegun();
    for (;;) {
      fetch(connections);
      const [range] = ranges;
      if (!range) return;
      yield* range.bytes();
      ranges.shift();
      buffers.push(range.buffer);
    }
  } finally {
    leaving.abort(new Error('nobody reads the ranges any more'));
  }
}

/** Shared, so that another thread can hash it without a copy. */
function newBuffer(size: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(size));
}

function* spansOf(start: number, size: number): Generator<ByteSpan> {
  for (let at = start; at < size; at += RANGE) yield { start: at, end: Math.min(at + RANGE, size) };
}

async function* read(
  span: ByteSpan,
  { open, size }: RangedBodyOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const answer = await open(span, signal);
  if (!answer) throw new RangesIgnoredError('upstream gives no ranges');
  if (answer.size !== undefined && answer.size !== size) {
    await answer.body[Symbol.asyncIterator]().return?.();
    throw new UpstreamError('bad-answer', `the blob has ${answer.size} bytes, expected ${size}`);
  }
  let position = span.start;
  for await (const chunk of answer.body) {
    const wanted = chunk.subarray(0, span.end - position);
    position += wanted.byteLength;
    yield wanted;
  }
  if (position < span.end)
    throw new UpstreamError('unreachable', 'upstream ended the range too early');
}

/** One range as it comes, read to its end whether its turn has come or not. */
class Range {
  /** Free again when all bytes have been given and no more are asked for. */
  readonly buffer: Uint8Array;
  /** How many bytes of it have come. */
  #filled = 0;
  #end: { readonly failure: unknown } | 'whole' | undefined;
  #wake: (() => void) | undefined;

  /** `buffer` takes the whole of `source`. */
  constructor(source: AsyncIterable<Uint8Array>, buffer: Uint8Array) {
    this.buffer = buffer;
    void this.#take(source);
  }

  /** Resolves with the first bytes, or rejects as they do. */
  async begun(): Promise<void> {
    while (this.#filled === 0 && this.#end === undefined) await this.#change();
    this.#throwIfFailed();
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    let given = 0;
    for (;;) {
      const filled = this.#filled;
      if (given < filled) {
        yield this.buffer.subarray(given, filled);
        given = filled;
      } else {
        this.#throwIfFailed();
        if (this.#end !== undefined) return;
        await this.#change();
      }
    }
  }

  /** Never rejects: a failure shows when its turn comes. */
  async #take(source: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of source) {
        this.buffer.set(chunk, this.#filled);
        this.#filled += chunk.byteLength;
        this.#wake?.();
      }
      this.#end = 'whole';
    } catch (failure) {
      this.#end = { failure };
    }
    this.#wake?.();
  }

  #throwIfFailed(): void {
    if (typeof this.#end === 'object') throw this.#end.failure;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
