import { type Digest, type DigestAlgorithm, digestAlgorithm } from '../../oci/digest.ts';
import {
  type BlobStat,
  type BlobWriter,
  type Bytes,
  DigestMismatchError,
  type Expected,
  SizeMismatchError,
  type WriterId,
  WriterSuspendedError,
} from '../blob-store.ts';
import { followWrite, type FollowSource } from '../follow-write.ts';
import { WriteProgress } from '../write-progress.ts';
import { readSpan } from './read-span.ts';
import type { HashThread } from './hash-thread.ts';
import type { ReaderBuffers } from './reader-buffers.ts';
import { RunningHash } from './running-hash.ts';
import type { SharedFile } from './shared-file.ts';
import { writeGathered } from '../write-gathered.ts';

/** What the store does for a writer: the names of files are its business. */
export interface WriterHost {
  readonly buffers: ReaderBuffers;
  readonly hashThread: HashThread;
  /** Gives the file its committed name, durably. */
  publish(id: WriterId, digest: Digest): Promise<void>;
  discard(id: WriterId): Promise<void>;
  /** Opens the committed file. */
  openCommitted(digest: Digest): Promise<SharedFile>;
  /** The writer has ended: its id is free again. */
  forget(id: WriterId): void;
}

export class DiskBlobWriter implements BlobWriter {
  readonly id: WriterId;
  readonly #host: WriterHost;
  readonly #file: SharedFile;
  readonly #progress: WriteProgress;
  readonly #hash: RunningHash;
  /** Aborted when the writer ends, so that a running append ends too. */
  readonly #ending = new AbortController();
  /** The append or commit that is running; it never rejects. */
  #running: Promise<void> | undefined;
  #committed: Digest | undefined;
  /** After a failed sync the kernel may have dropped dirty pages and calls the next sync a success: nothing can be trusted any more. */
  #syncFailure: { readonly reason: unknown } | undefined;

  /** `size`: bytes already in `file`, which the writer owns from now on. */
  constructor(
    host: WriterHost,
    id: WriterId,
    file: SharedFile,
    size: number,
    algorithm: DigestAlgorithm,
  ) {
    this.#host = host;
    this.id = id;
    this.#file = file;
    this.#progress = new WriteProgress(size);
    this.#hash = new RunningHash(algorithm, host.hashThread);
  }

  get size(): number {
    return this.#progress.size;
  }

  append(source: Bytes, signal?: AbortSignal): Promise<void> {
    return this.#alone(async () => {
      const ending = this.#ending.signal;
      await this.#hash.align(this.#file, this.size);
      this.#hash.mark();
      await writeGathered(
        source,
        (bytes) => this.#write(bytes),
        signal === undefined ? ending : AbortSignal.any([signal, ending]),
      );
    });
  }

  truncate(size: number): Promise<void> {
    return this.#alone(async () => {
      if (this.#progress.followed) throw new Error(`write ${this.id} is being followed`);
      if (size > this.size) throw new RangeError(`write ${this.id} has ${this.size} bytes only`);
      await this.#file.truncate(size);
      this.#progress.resize(size);
    });
  }

  follow(span: { readonly start: number; readonly end?: number }): Bytes {
    return followWrite(this.#progress, span, () => this.#openForFollower());
  }

  expectSize(size: number): void {
    this.#progress.expectSize(size);
  }

  commit(expected: Expected): Promise<BlobStat> {
    return this.#alone(async () => {
      const { digest } = expected;
      await this.#verify(expected);
      // What is verified may be read: followers need not wait for the disk.
      this.#progress.verify();
      await this.#sync();
      await this.#host.publish(this.id, digest);
      this.#committed = digest;
      await this.#end();
      return { digest, size: this.size };
    });
  }

  async abort(reason: Error): Promise<void> {
    if (!(await this.#stop(reason))) return;
    try {
      await this.#host.discard(this.id);
    } finally {
      await this.#end();
    }
  }

  async suspend(
    reason: Error = new WriterSuspendedError(`write ${this.id} was put away`),
  ): Promise<void> {
    if (await this.#stop(reason)) await this.#end();
  }

  /** Runs one piece of work with no other beside it. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#ending.signal.aborted) throw new Error(`write ${this.id} has ended`);
    if (this.#running !== undefined) throw new Error(`write ${this.id} is busy`);
    if (this.#syncFailure !== undefined) throw this.#syncFailure.reason;
    const result = work();
    const settled = (): void => {
      this.#running = undefined;
    };
    this.#running = result.then(settled, settled);
    return result;
  }

  /** Hashing and writing go on at the same time; both are done with `bytes` when it settles. */
  async #write(bytes: Uint8Array): Promise<void> {
    const forget = this.#progress.arrive(bytes);
    try {
      await this.#hash.align(this.#file, this.size);
      const written = this.#file.write(bytes, this.size, (count) => {
        this.#progress.resize(this.size + count);
      });
      const hashed = this.#hash.update(bytes);
      // The other one too where one fails, or what comes next would not know what the hash is of.
      await Promise.allSettled([written, hashed]);
      await Promise.all([written, hashed]);
    } finally {
      forget();
    }
  }

  async #verify({ digest, size }: Expected): Promise<void> {
    if (size !== undefined && size !== this.size) throw new SizeMismatchError(size, this.size);
    const algorithm = digestAlgorithm(digest);
    const hash =
      algorithm === this.#hash.algorithm
        ? this.#hash
        : new RunningHash(algorithm, this.#host.hashThread);
    await hash.align(this.#file, this.size);
    const actual = await hash.digest();
    if (actual !== digest) throw new DigestMismatchError(digest, actual);
  }

  async #sync(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (reason) {
      this.#syncFailure = { reason };
      throw reason;
    }
  }

  async #openForFollower(): Promise<FollowSource> {
    const file = this.#file.share() ? this.#file : await this.#openCommitted();
    const { buffers, release } = this.#host.buffers.take();
    return {
      read: (span) => readSpan(file, span, buffers),
      copy: (bytes) => {
        const target = buffers.next(bytes.length);
        target.set(bytes.subarray(0, target.length));
        return target;
      },
      release: () => {
        release();
        return file.release();
      },
    };
  }

  #openCommitted(): Promise<SharedFile> {
    if (this.#committed === undefined) throw new Error(`write ${this.id} has ended`);
    return this.#host.openCommitted(this.#committed);
  }

  /** Ends a running append, waits for a running commit; false where the writer has ended before or thereby. */
  async #stop(reason: Error): Promise<boolean> {
    if (this.#ending.signal.aborted) return false;
    this.#ending.abort(reason);
    await this.#running;
    if (this.#committed !== undefined) return false;
    this.#progress.fail(reason);
    return true;
  }

  async #end(): Promise<void> {
    this.#ending.abort();
    this.#host.forget(this.id);
    await this.#file.release();
  }
}
