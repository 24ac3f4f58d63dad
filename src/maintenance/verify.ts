/**
 * Reads everything that is held again and compares it with its digest: what a disk loses silently is found before a
 * client needs it. Slowly, so that it takes nothing from those who pull.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { type Digest, digestAlgorithm, digestOf, finishDigest } from '../oci/digest.ts';
import { BlobNotFoundError, type BlobStore } from '../store/blob-store.ts';
import type { Repository } from '../oci/repository.ts';
import type { DamagedBlobs } from '../store/damaged-blobs.ts';
import type { BlobRecord, MetadataStore } from '../store/metadata-store.ts';
import type { Pace } from './pace.ts';

/** A third of what a SATA disk reads; a terabyte takes six hours. */
export const VERIFY_BYTES_PER_SECOND = 50_000_000;

const BLOBS_AT_A_TIME = 100;
/** Their content is read with them, up to 4 MiB each. */
const MANIFESTS_AT_A_TIME = 8;
/** More damaged blobs than that are a lost disk. */
const MAX_CONDEMNED = 10_000;

export interface VerifyOptions {
  readonly metadata: MetadataStore;
  readonly blobs: BlobStore;
  readonly damaged: DamagedBlobs;
  readonly clock: Clock;
  /** False: only that every blob is there and has its size. */
  readonly content: boolean;
  /** Between two blobs; reading content has a pace of its own. */
  readonly pace?: Pace | undefined;
  readonly bytesPerSecond: number;
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  /** Told after what is damaged has been dealt with. */
  readonly onDamage?: ((damage: FoundDamage) => void) | undefined;
}

export interface VerifyProgress {
  readonly blobs: number;
  readonly manifests: number;
  /** Read and hashed. */
  readonly bytes: number;
}

export interface FoundDamage {
  readonly kind: 'blob' | 'manifest';
  readonly digest: Digest;
  /** Those that refer to it, or did. */
  readonly repositories: readonly Repository[];
}

export interface Verified {
  readonly blobs: number;
  readonly manifests: number;
  /** Read and hashed. */
  readonly bytes: number;
  /** Blobs and manifests found damaged in this run. */
  readonly damaged: readonly Digest[];
  /** Blobs that could not be read to the end; nothing was done to them. */
  readonly unreadable: readonly { readonly digest: Digest; readonly cause: unknown }[];
  /** Hosted content that is lost until it is pushed again, found in this run or before. */
  readonly lost: readonly Digest[];
}

export async function verify(options: VerifyOptions, signal?: AbortSignal): Promise<Verified> {
  const run = new Verification(options, signal);
  await run.blobs();
  if (options.content) await run.manifests();
  return run.report();
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #signal: AbortSignal | undefined;
  #blobs = 0;
  #manifests = 0;
  #bytes = 0;
  readonly #damaged: Digest[] = [];
  readonly #unreadable: { readonly digest: Digest; readonly cause: unknown }[] = [];
  readonly #lostManifests: Digest[] = [];

  constructor(options: VerifyOptions, signal: AbortSignal | undefined) {
    this.#options = options;
    this.#signal = signal;
  }

  async blobs(): Promise<void> {
    const { metadata, pace } = this.#options;
    let after: Digest | undefined;
    do {
      const page = await metadata.listHeldBlobs({ after, limit: BLOBS_AT_A_TIME });
      for (const blob of page) {
        await this.#blob(blob);
        await pace?.rest(this.#signal);
      }
      after = page.at(-1)?.digest;
    } while (after !== undefined);
  }

  async manifests(): Promise<void> {
    const { metadata } = this.#options;
    let after: Digest | undefined;
    do {
      const page = await metadata.listManifests({ after, limit: MANIFESTS_AT_A_TIME });
      for (const { digest, content } of page) {
        this.#manifests += 1;
        await this.#pace(content.byteLength);
        if (digestOf(content, digestAlgorithm(digest)) === digest) continue;
        this.#damaged.push(digest);
        const repositories = await metadata.inventory.listManifestRepositories(digest);
        // A hosted one stays where it is: it is checked whenever it is read, and never served.
        if (!(await metadata.forgetManifest(digest))) this.#lostManifests.push(digest);
        this.#options.onDamage?.({ kind: 'manifest', digest, repositories });
      }
      after = page.at(-1)?.digest;
    } while (after !== undefined);
  }

  async report(): Promise<Verified> {
    const condemned = await this.#options.metadata.listCondemned({ limit: MAX_CONDEMNED });
    return {
      blobs: this.#blobs,
      manifests: this.#manifests,
      bytes: this.#bytes,
      damaged: this.#damaged,
      unreadable: this.#unreadable,
      lost: [...condemned, ...this.#lostManifests],
    };
  }

  async #blob(blob: BlobRecord): Promise<void> {
    const { damaged, content, clock } = this.#options;
    this.#signal?.throwIfAborted();
    this.#blobs += 1;
    try {
      // First beside everybody else; what looks wrong may have been removed meanwhile, so it is read again alone.
      if (content && (await this.#problem(blob, (bytes) => this.#pace(bytes))) === undefined)
        return;
      const state = content
        ? await damaged.inspect(blob.digest, (held) => this.#problem(held), clock.now())
        : await damaged.inspectSize(blob, clock.now());
      if (state === 'damaged') await this.#tellDamage(blob.digest);
    } catch (cause) {
      if (this.#signal?.aborted === true) throw cause;
      this.#unreadable.push({ digest: blob.digest, cause });
    }
  }

  async #tellDamage(digest: Digest): Promise<void> {
    this.#damaged.push(digest);
    const repositories = await this.#options.metadata.inventory.listBlobReferrers(digest);
    this.#options.onDamage?.({ kind: 'blob', digest, repositories });
  }

  async #problem(
    { digest, size }: BlobRecord,
    onBytes?: (bytes: number) => Promise<void>,
  ): Promise<string | undefined> {
    const algorithm = digestAlgorithm(digest);
    const hash = createHash(algorithm);
    let read = 0;
    try {
      for await (const chunk of await this.#options.blobs.open(digest)) {
        hash.update(chunk);
        read += chunk.byteLength;
        await onBytes?.(chunk.byteLength);
      }
    } catch (error) {
      if (error instanceof BlobNotFoundError) return 'it has no bytes';
      throw error;
    }
    if (read !== size) return `it has ${read} bytes, expected ${size}`;
    const actual = finishDigest(hash, algorithm);
    return actual === digest ? undefined : `its content has digest ${actual}`;
  }

  async #pace(bytes: number): Promise<void> {
    this.#bytes += bytes;
    this.#options.onProgress?.({
      blobs: this.#blobs,
      manifests: this.#manifests,
      bytes: this.#bytes,
    });
    const ms = (bytes / this.#options.bytesPerSecond) * 1_000;
    await sleep(ms, undefined, this.#signal && { signal: this.#signal });
  }
}
