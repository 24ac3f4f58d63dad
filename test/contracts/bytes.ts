import { createHash } from 'node:crypto';
import type { Bytes } from '../../src/store/blob-store.ts';

/** Content of a size, the same at each run and different at each place. */
export function contentOf(size: number, seed = 'content'): Buffer {
  const content = Buffer.alloc(size);
  const block = createHash('sha512').update(seed).digest();
  for (let at = 0, count = 0; at < size; at += block.length, count += 1) {
    block.writeUInt32LE(count);
    block.copy(content, at);
  }
  return content;
}

/** All of `content` in chunks; like a socket's reader it uses one memory for all of them. */
export async function* chunksOf(
  content: Uint8Array,
  chunkSize = 10_000,
): AsyncGenerator<Uint8Array> {
  const memory = Buffer.alloc(chunkSize);
  for (let at = 0; at < content.length; at += chunkSize) {
    const chunk = content.subarray(at, at + chunkSize);
    memory.set(chunk);
    yield memory.subarray(0, chunk.length);
    memory.fill(0xee);
  }
}

export async function* failingAfter(
  content: Uint8Array,
  reason: Error,
): AsyncGenerator<Uint8Array> {
  yield* chunksOf(content);
  throw reason;
}

/** Everything that comes, copied as a keeper has to. */
export async function collect(bytes: Bytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Reads step by step, so that a test can say how far a follower has come. */
export class StepReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #got = Buffer.alloc(0);

  constructor(bytes: Bytes) {
    this.#iterator = bytes[Symbol.asyncIterator]();
  }

  get got(): Buffer {
    return this.#got;
  }

  /** Reads until there are `size` bytes in all; false where the bytes end before that. */
  async readTo(size: number): Promise<boolean> {
    while (this.#got.length < size) {
      const result = await this.#iterator.next();
      if (result.done === true) return false;
      this.#got = Buffer.concat([this.#got, result.value]);
    }
    return true;
  }

  async readAll(): Promise<Buffer> {
    await this.readTo(Number.POSITIVE_INFINITY);
    return this.#got;
  }

  async leave(): Promise<void> {
    await this.#iterator.return?.();
  }
}

/** A source that gives what the test feeds it, when the test feeds it. */
export class Feed implements AsyncIterableIterator<Uint8Array> {
  readonly #waiting: (() => void)[] = [];
  readonly #ready: (() => Promise<IteratorResult<Uint8Array>>)[] = [];
  /** How often a chunk was asked for. */
  asked = 0;
  left = false;

  give(chunk: Uint8Array): void {
    this.#push(() => Promise.resolve({ done: false, value: chunk }));
  }

  end(): void {
    this.#push(() => Promise.resolve({ done: true, value: undefined }));
  }

  fail(reason: Error): void {
    this.#push(() => Promise.reject(reason));
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    this.asked += 1;
    if (this.#ready.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const answer = this.#ready.shift();
    if (answer === undefined) throw new Error('woken for nothing');
    return answer();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.left = true;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #push(answer: () => Promise<IteratorResult<Uint8Array>>): void {
    this.#ready.push(answer);
    this.#waiting.shift()?.();
  }
}
