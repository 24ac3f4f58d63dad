import { type Digest, digestAlgorithm, digestOf } from '../../oci/digest.ts';
import {
  type BlobStat,
  type BlobWriter,
  type Bytes,
  type ByteSpan,
  DigestMismatchError,
  type Expected,
  SizeMismatchError,
  type WriterId,
  WriterSuspendedError,
} from '../blob-store.ts';
import { followWrite } from '../follow-write.ts';
import { writeGathered } from '../write-gathered.ts';
import { WriteProgress } from '../write-progress.ts';

/** A reader gets its bytes in pieces of this, as from a disk. */
const PIECE = 64 * 1024;

export interface MemoryWriterHost {
  publish(digest: Digest, content: Uint8Array): void;
  /** The writer has ended and leaves this behind for `resume`; undefined where there is nothing to keep. */
  end(id: WriterId, left: Uint8Array | undefined): void;
}

export class MemoryBlobWriter implements BlobWriter {
  readonly id: WriterId;
  readonly #host: MemoryWriterHost;
  readonly #progress: WriteProgress;
  readonly #ending = new AbortController();
  #content: Uint8Array;
  #running: Promise<void> | undefined;
  #committed = false;

  constructor(host: MemoryWriterHost, id: WriterId, content: Uint8Array) {
    this.#host = host;
    this.id = id;
    this.#content = content;
    this.#progress = new WriteProgress(content.length);
  }

  get size(): number {
    return this.#progress.size;
  }

  append(source: Bytes, signal?: AbortSignal): Promise<void> {
    const ending = this.#ending.signal;
    const write = async (bytes: Uint8Array): Promise<void> => this.#write(bytes);
    return this.#alone(() =>
      writeGathered(
        source,
        write,
        signal === undefined ? ending : AbortSignal.any([signal, ending]),
      ),
    );
  }

  truncate(size: number): Promise<void> {
    return this.#alone(async () => {
      if (this.#progress.followed) throw new Error(`write ${this.id} is being followed`);
      if (size > this.size) throw new RangeError(`write ${this.id} has ${this.size} bytes only`);
      this.#progress.resize(size);
    });
  }

  follow(span: { readonly start: number; readonly end?: number }): Bytes {
    return followWrite(this.#progress, span, async () => ({
      read: (part) => pieces(this.#content, part),
      copy: (bytes) => bytes.slice(),
      release: async () => undefined,
    }));
  }

  expectSize(size: number): void {
    this.#progress.expectSize(size);
  }

  commit({ digest, size }: Expected): Promise<BlobStat> {
    return this.#alone(async () => {
      if (size !== undefined && size !== this.size) throw new SizeMismatchError(size, this.size);
      const content = this.#content.subarray(0, this.size);
      const actual = digestOf(content, digestAlgorithm(digest));
      if (actual !== digest) throw new DigestMismatchError(digest, actual);
      this.#committed = true;
      this.#progress.verify();
      this.#host.publish(digest, content);
      this.#end(undefined);
      return { digest, size: this.size };
    });
  }

  async abort(reason: Error): Promise<void> {
    if (await this.#stop(reason)) this.#end(undefined);
  }

  async suspend(
    reason: Error = new WriterSuspendedError(`write ${this.id} was put away`),
  ): Promise<void> {
    if (await this.#stop(reason)) this.#end(this.#content.subarray(0, this.size));
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#ending.signal.aborted) throw new Error(`write ${this.id} has ended`);
    if (this.#running !== undefined) throw new Error(`write ${this.id} is busy`);
    const result = work();
    const settled = (): void => {
      this.#running = undefined;
    };
    this.#running = result.then(settled, settled);
    return result;
  }

  #write(bytes: Uint8Array): void {
    const size = this.size + bytes.length;
    if (size > this.#content.length) {
      // Doubled, so that a growing blob is copied a constant number of times on average.
      const grown = new Uint8Array(Math.max(size, this.#content.length * 2));
      grown.set(this.#content.subarray(0, this.size));
      this.#content = grown;
    }
    this.#content.set(bytes, this.size);
    this.#progress.resize(size);
  }

  async #stop(reason: Error): Promise<boolean> {
    if (this.#ending.signal.aborted) return false;
    this.#ending.abort(reason);
    await this.#running;
    if (this.#committed) return false;
    this.#progress.fail(reason);
    return true;
  }

  #end(left: Uint8Array | undefined): void {
    this.#ending.abort();
    this.#host.end(this.id, left);
  }
}

/** The bytes of a span in pieces; what was handed out is never written to again. */
export async function* pieces(
  content: Uint8Array,
  { start, end }: ByteSpan,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = start; position < end; position += PIECE) {
    yield content.subarray(position, Math.min(position + PIECE, end));
  }
}
