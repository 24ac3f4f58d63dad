/**
 * Blobs that arrive before it is known whose they are: of an archive that names its images at its end. Until they are placed
 * they are unfinished writes, which nobody sees and which go with `close`, or with the sweep after a crash.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Digest, DigestAlgorithm } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import type { Repository } from '../oci/repository.ts';
import type { BlobWriter, Bytes } from '../store/blob-store.ts';
import { type BlobKeeping, keepBlob } from '../store/keep-blob.ts';

/** Each is an open file. Images have 127 layers at most, and most archives one image. */
const MAX_UNPLACED = 1_000;

export class UnplacedBlobs {
  readonly #keeping: BlobKeeping;
  readonly #clock: Clock;
  readonly #writers = new Map<Digest, BlobWriter>();
  /** Placed once: another repository gets a link. */
  readonly #placed = new Set<Digest>();

  constructor(keeping: BlobKeeping, clock: Clock) {
    this.#keeping = keeping;
    this.#clock = clock;
  }

  /**
   * Takes a blob to its end.
   *
   * @param digestOf - what it is, asked for when all of it has arrived
   */
  async receive(bytes: Bytes, algorithm: DigestAlgorithm, digestOf: () => Digest): Promise<void> {
    if (this.#writers.size >= MAX_UNPLACED) {
      throw new OciError('SIZE_INVALID', {
        status: 413,
        message: `more than ${MAX_UNPLACED} blobs before it was known whose they are`,
      });
    }
    const writer = await this.#keeping.blobs.create(`upload-${randomUUID()}`, { algorithm });
    try {
      await writer.append(bytes);
      const digest = digestOf();
      // The same layer twice: one is enough.
      if (this.#writers.has(digest)) await writer.abort(new Error('it is here already'));
      else this.#writers.set(digest, writer);
    } catch (error) {
      await writer.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  /** Makes a blob that was received the repository's. False where it was not received. */
  async place(repository: Repository, digest: Digest): Promise<boolean> {
    const at = this.#clock.now();
    const writer = this.#writers.get(digest);
    if (writer) {
      await keepBlob(this.#keeping, { repository, digest, at }, () => writer.commit({ digest }));
      this.#writers.delete(digest);
      this.#placed.add(digest);
      return true;
    }
    if (!this.#placed.has(digest)) return false;
    return await this.#keeping.metadata.linkBlob(repository, digest, at);
  }

  /** Drops what has not been placed. */
  async close(): Promise<void> {
    const left = [...this.#writers.values()];
    this.#writers.clear();
    for (const writer of left) await writer.abort(new Error('it was not placed'));
  }
}
