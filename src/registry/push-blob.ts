/** Blobs that come by push: monolithic, chunked and streamed uploads, and mounts (distribution-spec, "Pushing Blobs"). */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Digest, DigestAlgorithm } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import type { HostedRepository, Repository } from '../oci/repository.ts';
import {
  type BlobStat,
  type BlobStore,
  type BlobWriter,
  type Bytes,
  DigestMismatchError,
  SizeMismatchError,
  undefinedIfFull,
} from '../store/blob-store.ts';
import type { DigestLocks } from '../store/digest-locks.ts';
import { type BlobKeeping, keepBlob } from '../store/keep-blob.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import { OpenUploads, type Receive } from './open-uploads.ts';
import { UnplacedBlobs } from './unplaced-blobs.ts';

/** A repository with more unfinished uploads than that has a client that leaks them. */
const MAX_UPLOADS_PER_REPOSITORY = 1_000;
/** Seconds (distribution-spec: a 429 should tell); other uploads have to end first. */
const UPLOADS_RETRY_AFTER = '10';

/** Inclusive, as `Content-Range` of a chunk tells it. */
export interface ChunkRange {
  readonly first: number;
  readonly last: number;
}

export interface Chunk {
  readonly range: ChunkRange | undefined;
  readonly body: Bytes;
}

export interface Upload {
  readonly id: string;
  /** Bytes received. */
  readonly size: number;
}

/** The chunk does not begin where the upload ends; the session is as it was. */
export class OutOfOrderError extends Error {
  override readonly name = 'OutOfOrderError';
  readonly upload: Upload;
  constructor(upload: Upload) {
    super(`the next chunk must begin at ${upload.size}`);
    this.upload = upload;
  }
}

export class PushBlob {
  readonly #metadata: MetadataStore;
  readonly #blobs: BlobStore;
  readonly #locks: DigestLocks;
  readonly #clock: Clock;
  readonly #open: OpenUploads;

  constructor(options: {
    readonly metadata: MetadataStore;
    readonly blobs: BlobStore;
    readonly locks: DigestLocks;
    readonly clock: Clock;
  }) {
    this.#metadata = options.metadata;
    this.#blobs = options.blobs;
    this.#locks = options.locks;
    this.#clock = options.clock;
    this.#open = new OpenUploads(options.blobs, options.clock);
  }

  /** Opens a session. TOOMANYREQUESTS where the repository has too many. */
  async begin(repository: HostedRepository, algorithm: DigestAlgorithm): Promise<Upload> {
    if ((await this.#metadata.countUploads(repository)) >= MAX_UPLOADS_PER_REPOSITORY) {
      const headers = { 'Retry-After': UPLOADS_RETRY_AFTER };
      throw new OciError('TOOMANYREQUESTS', { message: 'too many unfinished uploads', headers });
    }
    const now = this.#clock.now();
    const id = randomUUID();
    await this.#metadata.createUpload({ id, repository, algorithm, createdAt: now, usedAt: now });
    return { id, size: 0 };
  }

  /** The session's true size, also while a chunk arrives. */
  async status(repository: HostedRepository, id: string): Promise<Upload> {
    const algorithm = await this.#algorithmOf(repository, id);
    return this.#open.peek(id, algorithm, (writer) => ({ id, size: writer.size }));
  }

  /**
   * Appends a chunk. A chunk that does not fit is refused and leaves the session usable; one whose client goes away, or falls silent and
   * comes back (SupersededError), leaves what was received.
   */
  async append(repository: HostedRepository, id: string, chunk: Chunk): Promise<Upload> {
    const algorithm = await this.#algorithmOf(repository, id);
    return this.#open.use(id, algorithm, async (writer, receive) => {
      await this.#write(id, writer, chunk, receive);
      await this.#metadata.touchUpload(id, this.#clock.now());
      return { id, size: writer.size };
    });
  }

  /** Takes the last chunk, if any, checks the digest of the whole, and makes it a blob of the repository. */
  async finish(
    repository: HostedRepository,
    id: string,
    digest: Digest,
    chunk: Chunk | undefined,
  ): Promise<void> {
    const algorithm = await this.#algorithmOf(repository, id);
    let isPublished = false;
    const finished = this.#open.use(id, algorithm, async (writer, receive) => {
      const before = writer.size;
      if (chunk) await this.#write(id, writer, chunk, receive);
      try {
        await this.#commit(repository, digest, async () => {
          const stat = await writer.commit({ digest });
          isPublished = true;
          return stat;
        });
      } catch (error) {
        // What came with a refused PUT does not count: the same PUT, corrected, can be sent again.
        if (error instanceof OciError) await writer.truncate(before);
        throw error;
      }
      await this.#metadata.deleteUpload(id);
      this.#open.end(id);
    });
    try {
      await finished;
    } catch (error) {
      // The blob could not be recorded and its bytes are gone: a session that goes on would tell of bytes that nobody has.
      if (isPublished) await this.#forget(id);
      throw error;
    }
  }

  /** A blob in a single request, without a session. */
  async push(
    repository: Repository,
    digest: Digest,
    algorithm: DigestAlgorithm,
    body: Bytes,
  ): Promise<void> {
    const writer = await this.#blobs.create(`upload-${randomUUID()}`, { algorithm });
    try {
      await writer.append(body);
      await this.#commit(repository, digest, () => writer.commit({ digest }));
    } catch (error) {
      await writer.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  /** For blobs that arrive before it is known which repository they go to. Whoever asks for it closes it. */
  unplaced(): UnplacedBlobs {
    return new UnplacedBlobs(this.#keeping, this.#clock);
  }

  /** Ends a session at once, also while a chunk arrives. */
  async cancel(repository: HostedRepository, id: string): Promise<void> {
    const algorithm = await this.#algorithmOf(repository, id);
    if (!(await this.#drop(id, algorithm))) throw unknownUpload(id);
  }

  /** Makes `repository` refer to a blob that one of `sources` may serve. False where none holds it. */
  async mount(
    repository: HostedRepository,
    digest: Digest,
    sources: readonly Repository[],
  ): Promise<boolean> {
    for (const source of sources) {
      const blob = await this.#metadata.findBlob(source, digest);
      if (!blob || (await this.#blobs.stat(digest))?.size !== blob.size) continue;
      if (await this.#metadata.linkBlob(repository, digest, this.#clock.now())) return true;
    }
    return false;
  }

  /** Ends sessions that nobody has used since `before`. */
  async expire(before: number): Promise<number> {
    const abandoned = await this.#metadata.listUploads(before);
    let ended = 0;
    for (const { id, algorithm } of abandoned) {
      // A chunk that takes long to arrive is no sign that the client is gone.
      if (this.#open.isUsed(id)) continue;
      await this.#drop(id, algorithm);
      ended += 1;
    }
    return ended;
  }

  /** Puts the sessions away: they go on after a restart. */
  close(): Promise<void> {
    return this.#open.close();
  }

  get #keeping(): BlobKeeping {
    return { metadata: this.#metadata, blobs: this.#blobs, locks: this.#locks };
  }

  async #algorithmOf(repository: HostedRepository, id: string): Promise<DigestAlgorithm> {
    const upload = await this.#metadata.findUpload(id);
    // A session belongs to one repository: its id must not open a way into another.
    if (upload?.repository.kind !== 'hosted' || upload.repository.name !== repository.name) {
      throw unknownUpload(id);
    }
    return upload.algorithm;
  }

  async #forget(id: string): Promise<void> {
    this.#open.end(id);
    // On a full disk it is an empty one, which expires.
    await this.#metadata.deleteUpload(id).catch(undefinedIfFull);
  }

  /** False where somebody else has just ended it. */
  async #drop(id: string, algorithm: DigestAlgorithm): Promise<boolean> {
    // The record goes first: without it nobody takes the session up again.
    if (!(await this.#metadata.deleteUpload(id))) return false;
    await this.#open.abort(id, algorithm);
    return true;
  }

  async #write(id: string, writer: BlobWriter, chunk: Chunk, receive: Receive): Promise<void> {
    const before = writer.size;
    const { range, body } = chunk;
    if (range && range.first !== before) throw new OutOfOrderError({ id, size: before });
    await receive(body);
    const received = writer.size - before;
    if (range && received !== range.last - range.first + 1) {
      await writer.truncate(before);
      throw new OciError('SIZE_INVALID', { detail: { range, received } });
    }
  }

  async #commit(
    repository: Repository,
    digest: Digest,
    commit: () => Promise<BlobStat>,
  ): Promise<void> {
    try {
      const at = this.#clock.now();
      await keepBlob(this.#keeping, { repository, digest, at }, commit);
    } catch (error) {
      if (error instanceof DigestMismatchError || error instanceof SizeMismatchError) {
        throw new OciError('DIGEST_INVALID', { detail: { digest }, cause: error });
      }
      throw error;
    }
  }
}

function unknownUpload(id: string): OciError {
  return new OciError('BLOB_UPLOAD_UNKNOWN', { detail: { id } });
}
