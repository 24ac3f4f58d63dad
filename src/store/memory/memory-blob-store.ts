import type { Clock } from '../../clock.ts';
import type { Digest } from '../../oci/digest.ts';
import {
  BlobNotFoundError,
  type BlobStat,
  type BlobStore,
  type BlobWriter,
  type Bytes,
  type ByteSpan,
  SizeMismatchError,
  type UnfinishedWrite,
  type WriterId,
  WriterInUseError,
} from '../blob-store.ts';
import { closableBytes } from '../closable-bytes.ts';
import { MemoryBlobWriter, type MemoryWriterHost, pieces } from './memory-blob-writer.ts';

interface Unfinished {
  readonly content: Uint8Array;
  readonly modifiedAt: number;
}

/** Blobs in memory, for tests: the same promises as any other store but that they outlive the process. */
export class MemoryBlobStore implements BlobStore {
  readonly #clock: Clock;
  readonly #blobs = new Map<Digest, Uint8Array>();
  readonly #aside = new Map<Digest, Uint8Array>();
  readonly #unfinished = new Map<WriterId, Unfinished>();
  readonly #writers = new Map<WriterId, BlobWriter>();
  readonly #host: MemoryWriterHost = {
    publish: (digest, content) => void this.#blobs.set(digest, content),
    end: (id, content) => {
      this.#writers.delete(id);
      if (content) this.#unfinished.set(id, { content, modifiedAt: this.#clock.now() });
    },
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async stat(digest: Digest): Promise<BlobStat | undefined> {
    const content = this.#blobs.get(digest);
    return content && { digest, size: content.length };
  }

  async open(digest: Digest, span?: ByteSpan): Promise<Bytes> {
    const content = this.#blobs.get(digest);
    if (content === undefined) throw new BlobNotFoundError(digest);
    const { start, end } = span ?? { start: 0, end: content.length };
    if (end > content.length) throw new SizeMismatchError(end, content.length);
    return closableBytes(() => pieces(content, { start, end }));
  }

  async create(id: WriterId): Promise<BlobWriter> {
    return this.#hold(id, new Uint8Array());
  }

  async resume(id: WriterId): Promise<BlobWriter | undefined> {
    const left = this.#unfinished.get(id);
    // Copied: what an earlier follower was handed must not change under it.
    return left || this.#writers.has(id) ? this.#hold(id, left?.content.slice()) : undefined;
  }

  async delete(digest: Digest): Promise<void> {
    this.#blobs.delete(digest);
  }

  async setAside(digest: Digest): Promise<void> {
    const content = this.#blobs.get(digest);
    if (content) this.#aside.set(digest, content);
    this.#blobs.delete(digest);
  }

  async *list(): AsyncGenerator<BlobStat, void, undefined> {
    for (const [digest, content] of this.#blobs) yield { digest, size: content.length };
  }

  async *listUnfinished(): AsyncGenerator<UnfinishedWrite, void, undefined> {
    for (const [id, { content, modifiedAt }] of this.#unfinished) {
      yield { id, size: content.length, modifiedAt };
    }
  }

  async discardUnfinished(id: WriterId): Promise<void> {
    if (this.#writers.has(id)) throw new WriterInUseError(id);
    this.#unfinished.delete(id);
  }

  async probe(): Promise<void> {
    // Memory can always be written to.
  }

  async close(): Promise<void> {
    for (const writer of this.#writers.values()) await writer.suspend();
  }

  #hold(id: WriterId, content = new Uint8Array()): BlobWriter {
    if (this.#writers.has(id)) throw new WriterInUseError(id);
    this.#unfinished.delete(id);
    const writer = new MemoryBlobWriter(this.#host, id, content);
    this.#writers.set(id, writer);
    return writer;
  }
}
