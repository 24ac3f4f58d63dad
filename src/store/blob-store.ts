/**
 * Port: bytes by digest. Nothing here speaks of paths, renames or file positions, so that an object
 * store can stand behind it (spooling locally and uploading on `commit`).
 *
 * A failure never looks like a miss: `undefined` means absent, everything else throws.
 */
import type { Digest, DigestAlgorithm } from '../oci/digest.ts';

export interface BlobStat {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** Bytes `start` up to, not including, `end`. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Names one unfinished write. Chosen by the caller, so that the same write is found again after a
 * restart: `fill-<digest with - for :>` or `upload-<uuid>`. Only `[a-z0-9-]`, at most 200 characters.
 */
export type WriterId = string;

/**
 * A stream of bytes. **A chunk is only valid until the next one is asked for** (its memory may be
 * used again), so a consumer that waits until a chunk is written needs no copy, and one that keeps
 * it must copy. Leaving the loop early releases everything behind it; who never begins the loop calls
 * the iterator's `return()`, which may also be called during a `next()` and ends the wait of a follower.
 */
export type Bytes = AsyncIterable<Uint8Array>;

export interface WriterOptions {
  /** The algorithm to hash with while writing; another one asked for at commit costs a second pass. */
  readonly algorithm?: DigestAlgorithm;
}

export interface BlobStore {
  /** Absent → undefined. A blob whose stored size differs from what was committed is the caller's to notice. */
  stat(digest: Digest): Promise<BlobStat | undefined>;
  /**
   * Opens a committed blob, or a span of it. The returned bytes hold the blob open: they stay readable if it
   * is deleted meanwhile. Absent → BlobNotFoundError; a span that ends behind the stored bytes → SizeMismatchError,
   * so a blob that has lost its end is found out before its first byte is sent. Bytes lost while it is read
   * fail the loop.
   */
  open(digest: Digest, span?: ByteSpan): Promise<Bytes>;
  /**
   * Starts a write; whatever an earlier writer of that id left behind is dropped. While a writer of this
   * process holds the id, `create`, `resume` and `discardUnfinished` reject with WriterInUseError.
   */
  create(id: WriterId, options?: WriterOptions): Promise<BlobWriter>;
  /** Takes up an unfinished write (its bytes are hashed again); nothing there → undefined. */
  resume(id: WriterId, options?: WriterOptions): Promise<BlobWriter | undefined>;
  /** Makes the blob absent. Deleting what is absent is no error. */
  delete(digest: Digest): Promise<void>;
  /** Makes the blob absent and keeps its bytes, which are not what they should be, where an operator can look at them. Absent is no error. */
  setAside(digest: Digest): Promise<void>;
  list(): AsyncIterable<BlobStat>;
  /** Unfinished writes that no writer of this process holds, for the sweep. */
  listUnfinished(): AsyncIterable<UnfinishedWrite>;
  discardUnfinished(id: WriterId): Promise<void>;
  /** Proves that the store can be written to; throws if not. For readiness. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** What a store may be able to do besides; found by its guard. */
export interface MeasuresSpace {
  /** Bytes that may still be written. */
  freeSpace(): Promise<number>;
}

export function measuresSpace(store: BlobStore): store is BlobStore & MeasuresSpace {
  return 'freeSpace' in store;
}

export interface KnowsReaders {
  /** Whether anybody has the blob open. */
  isBeingRead(digest: Digest): boolean;
}

export function knowsReaders(store: BlobStore): store is BlobStore & KnowsReaders {
  return 'isBeingRead' in store;
}

export interface KeepsFiles {
  /** Where another program of this machine finds a committed blob as a file, relative to the folder of all blobs. */
  fileOf(digest: Digest): string;
}

export function keepsFiles(store: BlobStore): store is BlobStore & KeepsFiles {
  return 'fileOf' in store;
}

export interface UnfinishedWrite {
  readonly id: WriterId;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

export interface Expected {
  readonly digest: Digest;
  /** Bytes, where known. */
  readonly size?: number;
}

/**
 * One write, used by fills and upload sessions alike. Appends do not overlap: the caller waits for one
 * before it starts the next. Any number of followers may read at the same time.
 */
export interface BlobWriter {
  readonly id: WriterId;
  /** Bytes written so far, readable by followers. */
  readonly size: number;
  /**
   * Writes all of `source` behind what is there. If `source` fails or `signal` aborts, rejects with that reason after
   * every byte received before has been written: `size` is the truth, and another append may go on from there. A chunk is
   * done with before the next is asked for, so any `Bytes` may be given. A full disk rejects with StoreFullError.
   */
  append(source: Bytes, signal?: AbortSignal): Promise<void>;
  /** Drops everything from `size` on (an append that must not count). Not with followers. */
  truncate(size: number): Promise<void>;
  /**
   * Bytes from `span.start` up to `span.end` (default: the end of the blob), first those written, then those arriving, each as soon as they
   * are there; ends when the writer is committed, throws its reason when it is aborted, and WriterSuspendedError when it is suspended.
   * May be called after the commit too, as long as the blob is not deleted.
   *
   * The end is withheld: until the commit has verified the digest, a follower gets no byte of the last
   * `WITHHELD` of what is written, or of the blob where `expectSize` has told its size.
   */
  follow(span: { readonly start: number; readonly end?: number }): Bytes;
  /** Tells how many bytes the blob will have, so that followers are not held back at the growing end. */
  expectSize(size: number): void;
  /**
   * Checks digest and size, then publishes the blob atomically and durably (file and directory synced). DigestMismatchError or
   * SizeMismatchError leave the writer as it was: usable, unpublished. Committing a blob that is already held is fine.
   * Followers get the withheld end as soon as it is verified; they do not wait for the disk.
   */
  commit(expected: Expected): Promise<BlobStat>;
  /** Ends the write and drops its bytes; followers get `reason`. */
  abort(reason: Error): Promise<void>;
  /** Ends this process's hold on the write and keeps its bytes for `resume`; followers get `reason`. */
  suspend(reason?: Error): Promise<void>;
}

/** Bytes of an unverified blob that no follower gets. A blob no larger than this never leaves unverified, not even in part. */
export const WITHHELD = 32 * 1024;

export class BlobNotFoundError extends Error {
  override readonly name = 'BlobNotFoundError';
  constructor(digest: Digest) {
    super(`blob ${digest} is not in the store`);
  }
}

export class DigestMismatchError extends Error {
  override readonly name = 'DigestMismatchError';
  readonly expected: Digest;
  readonly actual: Digest;
  constructor(expected: Digest, actual: Digest) {
    super(`content has digest ${actual}, expected ${expected}`);
    this.expected = expected;
    this.actual = actual;
  }
}

export class SizeMismatchError extends Error {
  override readonly name = 'SizeMismatchError';
  readonly expected: number;
  readonly actual: number;
  constructor(expected: number, actual: number) {
    super(`content has ${actual} bytes, expected ${expected}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** The disk is full (ENOSPC, EDQUOT). */
export class StoreFullError extends Error {
  override readonly name = 'StoreFullError';
}

/** For `catch`, where a full disk is no failure: undefined then. Everything else is thrown on. */
export function undefinedIfFull(error: unknown): undefined {
  if (!(error instanceof StoreFullError)) throw error;
}

/** The writer was put away while a follower read from it (shutdown, idle upload). */
export class WriterSuspendedError extends Error {
  override readonly name = 'WriterSuspendedError';
}

/** A writer of this process holds that write already. */
export class WriterInUseError extends Error {
  override readonly name = 'WriterInUseError';
  constructor(id: WriterId) {
    super(`write ${id} is in use`);
  }
}
