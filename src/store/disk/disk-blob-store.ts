import { mkdir, open, opendir, rename, rm, unlink, stat, statfs } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Digest } from '../../oci/digest.ts';
import {
  BlobNotFoundError,
  type BlobStat,
  type BlobStore,
  type BlobWriter,
  type Bytes,
  type ByteSpan,
  type KeepsFiles,
  type KnowsReaders,
  type MeasuresSpace,
  SizeMismatchError,
  type UnfinishedWrite,
  type WriterId,
  WriterInUseError,
  type WriterOptions,
} from '../blob-store.ts';
import { closableBytes } from '../closable-bytes.ts';
import {
  algorithmDirectory,
  BLOB_ALGORITHMS,
  blobPath,
  damagedDirectory,
  damagedPath,
  digestOfFile,
  pathBelowBlobs,
  requireWriterId,
  shardDirectory,
  unfinishedDirectory,
  unfinishedPath,
  writerIdOfFile,
} from './blob-path.ts';
import { makeDirectory, syncDirectory } from '../directories.ts';
import { DiskBlobWriter, type WriterHost } from './disk-blob-writer.ts';
import { isAbsent, onDisk } from '../disk-errors.ts';
import { GROUP_FOLDER, setGroupAccess } from './group-access.ts';
import { readSpan } from './read-span.ts';
import { HashThread } from './hash-thread.ts';
import { ReaderBuffers } from './reader-buffers.ts';
import { SharedFile } from './shared-file.ts';
import { syncInTurn } from './sync.ts';

/** The folders above decide whether the group gets this far; see `group-access.ts`. */
const FILE_MODE = 0o640;

export interface DiskBlobStoreOptions {
  /** Made where it is missing. */
  readonly dir: string;
  /** Whether the group of the server's user may read committed blobs. Default: nobody else may. */
  readonly groupMayRead?: boolean;
}

/** Blobs as files of one directory; see `blob-path.ts` for what lies where. */
export class DiskBlobStore implements BlobStore, MeasuresSpace, KnowsReaders, KeepsFiles {
  readonly #dir: string;
  /** Ids of this process's writers; undefined while one is being opened. */
  readonly #writers = new Map<WriterId, BlobWriter | undefined>();
  /** Ids of unfinished writes that have a file, writers' included: to look for one that has none costs a new blob its time. */
  readonly #unfinished = new Set<WriterId>();
  /** Files of unfinished writes that are just being removed. */
  readonly #removing = new Map<WriterId, Promise<void>>();
  /** The shard directories that are known to be durable. */
  readonly #shards = new Map<string, Promise<void>>();
  readonly #buffers = new ReaderBuffers();
  readonly #hashThread = new HashThread();
  /** How many have the blob open. */
  readonly #readers = new Map<Digest, number>();
  readonly #host: WriterHost = {
    buffers: this.#buffers,
    hashThread: this.#hashThread,
    publish: (id, digest) => this.#publish(id, digest),
    discard: (id) => this.#removeUnfinished(id),
    openCommitted: (digest) => this.#openCommitted(digest),
    forget: (id) => this.#writers.delete(id),
  };

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async open({ dir, groupMayRead = false }: DiskBlobStoreOptions): Promise<DiskBlobStore> {
    await makeDirectory(unfinishedDirectory(dir));
    for (const algorithm of BLOB_ALGORITHMS)
      await makeDirectory(algorithmDirectory(dir, algorithm));
    await setGroupAccess(dir, groupMayRead);
    const store = new DiskBlobStore(dir);
    for await (const { id } of store.listUnfinished()) store.#unfinished.add(id);
    return store;
  }

  async stat(digest: Digest): Promise<BlobStat | undefined> {
    try {
      const { size } = await stat(blobPath(this.#dir, digest));
      return { digest, size };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async open(digest: Digest, span?: ByteSpan): Promise<Bytes> {
    const file = await this.#openCommitted(digest);
    try {
      const size = await file.size();
      const { start, end } = span ?? { start: 0, end: size };
      // Said before the first byte goes out, while an answer can still be another one.
      if (end > size) throw new SizeMismatchError(end, size);
      const { buffers, release } = this.#buffers.take();
      this.#readers.set(digest, (this.#readers.get(digest) ?? 0) + 1);
      return closableBytes(
        () => readSpan(file, { start, end }, buffers),
        () => {
          release();
          this.#leave(digest);
          return file.release();
        },
      );
    } catch (error) {
      await file.release();
      throw error;
    }
  }

  create(id: WriterId, options?: WriterOptions): Promise<BlobWriter> {
    return this.#hold(id, 'w+', options);
  }

  async resume(id: WriterId, options?: WriterOptions): Promise<BlobWriter | undefined> {
    requireWriterId(id);
    if (!this.#unfinished.has(id) && !this.#writers.has(id)) return undefined;
    try {
      return await this.#hold(id, 'r+', options);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  async delete(digest: Digest): Promise<void> {
    try {
      // Not `rm`, which looks at it first: eviction does this ten thousand times.
      await unlink(blobPath(this.#dir, digest));
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  async setAside(digest: Digest): Promise<void> {
    const directory = damagedDirectory(this.#dir);
    await makeDirectory(directory);
    try {
      await rename(blobPath(this.#dir, digest), damagedPath(this.#dir, digest));
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
    await syncInTurn(() => syncDirectory(directory));
  }

  async freeSpace(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#dir);
    return bavail * bsize;
  }

  fileOf(digest: Digest): string {
    return pathBelowBlobs(digest);
  }

  isBeingRead(digest: Digest): boolean {
    return this.#readers.has(digest);
  }

  async *list(): AsyncGenerator<BlobStat, void, undefined> {
    for (const algorithm of BLOB_ALGORITHMS) {
      const root = algorithmDirectory(this.#dir, algorithm);
      for await (const shard of await opendir(root)) {
        if (!shard.isDirectory()) continue;
        for await (const entry of await opendir(join(root, shard.name))) {
          const digest = digestOfFile(algorithm, entry.name);
          // Deleted between the two looks: no longer there to be listed.
          const found = digest && (await this.stat(digest));
          if (found) yield found;
        }
      }
    }
  }

  async *listUnfinished(): AsyncGenerator<UnfinishedWrite, void, undefined> {
    const directory = unfinishedDirectory(this.#dir);
    for await (const entry of await opendir(directory)) {
      const id = writerIdOfFile(entry.name);
      if (id === undefined || this.#writers.has(id)) continue;
      try {
        const { size, mtimeMs } = await stat(join(directory, entry.name));
        yield { id, size, modifiedAt: Math.trunc(mtimeMs) };
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    }
  }

  async discardUnfinished(id: WriterId): Promise<void> {
    if (this.#writers.has(id)) throw new WriterInUseError(id);
    const removing =
      this.#removing.get(id) ?? this.#removeUnfinished(id).finally(() => this.#removing.delete(id));
    this.#removing.set(id, removing);
    await removing;
  }

  async probe(): Promise<void> {
    const path = join(unfinishedDirectory(this.#dir), `${randomUUID()}.probe`);
    await onDisk(async () => {
      const handle = await open(path, 'wx', FILE_MODE);
      try {
        await handle.write('probe');
      } finally {
        await handle.close();
        await rm(path, { force: true });
      }
    });
  }

  async close(): Promise<void> {
    for (const writer of this.#writers.values()) await writer?.suspend();
    await this.#hashThread.close();
  }

  async #removeUnfinished(id: WriterId): Promise<void> {
    await rm(unfinishedPath(this.#dir, id), { force: true });
    this.#unfinished.delete(id);
  }

  #leave(digest: Digest): void {
    const others = (this.#readers.get(digest) ?? 1) - 1;
    if (others === 0) this.#readers.delete(digest);
    else this.#readers.set(digest, others);
  }

  async #openCommitted(digest: Digest): Promise<SharedFile> {
    try {
      return new SharedFile(await open(blobPath(this.#dir, digest), 'r'));
    } catch (error) {
      if (isAbsent(error)) throw new BlobNotFoundError(digest);
      throw error;
    }
  }

  /** Opens the file of an unfinished write for a writer of its own. */
  async #hold(
    id: WriterId,
    flags: 'w+' | 'r+',
    { algorithm = 'sha256' }: WriterOptions = {},
  ): Promise<BlobWriter> {
    const path = unfinishedPath(this.#dir, id);
    if (this.#writers.has(id)) throw new WriterInUseError(id);
    this.#writers.set(id, undefined);
    try {
      // Or the file would go from under the writer.
      await this.#removing.get(id)?.catch(() => undefined);
      const handle = await onDisk(() => open(path, flags, FILE_MODE));
      const { size } = flags === 'w+' ? { size: 0 } : await handle.stat();
      this.#unfinished.add(id);
      const writer = new DiskBlobWriter(this.#host, id, new SharedFile(handle), size, algorithm);
      this.#writers.set(id, writer);
      return writer;
    } catch (error) {
      this.#writers.delete(id);
      throw error;
    }
  }

  async #publish(id: WriterId, digest: Digest): Promise<void> {
    const shard = shardDirectory(this.#dir, digest);
    await this.#makeShard(shard);
    // Atomic, and over a blob that is already there too: same digest, same bytes.
    await onDisk(() => rename(unfinishedPath(this.#dir, id), blobPath(this.#dir, digest)));
    this.#unfinished.delete(id);
    await onDisk(() => syncInTurn(() => syncDirectory(shard)));
  }

  /**
   * Once for each shard and process, shared by those who come meanwhile: a shard that exists may still be
   * unknown to the disk, so "it is there" is not enough for the second commit into it.
   */
  #makeShard(shard: string): Promise<void> {
    const known = this.#shards.get(shard);
    if (known !== undefined) return known;
    const making = onDisk(async () => {
      await mkdir(shard, { recursive: true, mode: GROUP_FOLDER });
      await syncInTurn(() => syncDirectory(dirname(shard)));
    });
    this.#shards.set(shard, making);
    making.catch(() => this.#shards.delete(shard));
    return making;
  }
}
