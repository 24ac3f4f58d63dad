/**
 * Makes room: takes mirrored content that was not used for longest, image by image. Hosted content is never taken, nor
 * a blob that another image needs or that somebody is reading.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { measuresSpace } from '../store/blob-store.ts';
import type { BlobKeeping } from '../store/keep-blob.ts';
import type { BlobRecord } from '../store/metadata-store.ts';
import type { LooseBlob } from '../store/upkeep-records.ts';
import { removeUnneededBlobs } from './remove-blob.ts';
import { discardLeftover } from './discard-leftover.ts';

/** Once it is over a limit it goes this far below, so that not every fill has to wait for its own eviction. */
const SLACK = 0.1;

/** A blob without a manifest may belong to a pull or a push that is under way; nothing is between two steps for longer. */
export const LOOSE_MIN_AGE_MS = 10 * 60 * 1_000;

/** Manifests of one transaction: some milliseconds where the store is large, during which no request is answered. */
const MANIFESTS_AT_A_TIME = 2;

const LOOSE_BLOBS_AT_A_TIME = 50;

export interface EvictOptions extends BlobKeeping {
  readonly clock: Clock;
  /** Bytes of mirrored blobs at most. */
  readonly maxSize: number;
  /** Bytes of the disk that stay free. */
  readonly minFree: number;
  /** Bytes that running fills take, and those of them that are still to be written: room is kept for them. */
  readonly fillSpace: () => { readonly total: number; readonly toCome: number };
}

export interface Evicted {
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
  /** Bytes that are too many still, though nothing is left to be taken. */
  readonly shortfall: number;
}

/** Goes back below both limits, where one of them is exceeded. */
export async function evict(options: EvictOptions, signal?: AbortSignal): Promise<Evicted> {
  const { wanted, diskIsFull } = await excess(options);
  if (wanted <= 0) return { manifests: 0, blobs: 0, bytes: 0, shortfall: 0 };
  const eviction = new Eviction(options, wanted, signal);
  if (diskIsFull) await eviction.takeLeftovers();
  await eviction.takeLooseBlobs();
  await eviction.takeManifests();
  const { manifests, blobs, bytes } = eviction;
  const shortfall = eviction.isEnough ? 0 : Math.max(0, (await excess(options)).over);
  return { manifests, blobs, bytes, shortfall };
}

/** How many bytes a limit is exceeded by, and how many have to go then; the worse of the two limits. */
async function excess(
  options: EvictOptions,
): Promise<{ over: number; wanted: number; diskIsFull: boolean }> {
  const { metadata, blobs, maxSize, minFree, fillSpace } = options;
  const { mirroredBytes } = await metadata.totals();
  const free = measuresSpace(blobs) ? await blobs.freeSpace() : Infinity;
  const fills = fillSpace();
  const overSize = mirroredBytes + fills.total - maxSize;
  const overFree = minFree - (free - fills.toCome);
  return {
    over: Math.max(overSize, overFree),
    diskIsFull: overFree > 0,
    wanted: Math.max(
      overSize > 0 ? overSize + maxSize * SLACK : 0,
      overFree > 0 ? overFree + minFree * SLACK : 0,
    ),
  };
}

class Eviction {
  manifests = 0;
  blobs = 0;
  bytes = 0;
  readonly #options: EvictOptions;
  readonly #wanted: number;
  readonly #signal: AbortSignal | undefined;

  constructor(options: EvictOptions, wanted: number, signal: AbortSignal | undefined) {
    this.#options = options;
    this.#wanted = wanted;
    this.#signal = signal;
  }

  get isEnough(): boolean {
    return this.bytes >= this.#wanted;
  }

  /** What broken fills have left behind: worth less than any image. They do not count towards `maxSize`. */
  async takeLeftovers(): Promise<void> {
    const { blobs } = this.#options;
    for await (const { id, size } of blobs.listUnfinished()) {
      if (this.isEnough) return;
      if (!id.startsWith('fill-')) continue;
      if (await discardLeftover(blobs, id)) this.bytes += size;
    }
  }

  async takeLooseBlobs(): Promise<void> {
    const { metadata, clock } = this.#options;
    const usedBefore = clock.now() - LOOSE_MIN_AGE_MS;
    let after: LooseBlob | undefined;
    while (!this.isEnough) {
      const page = await metadata.listLooseBlobs({
        usedBefore,
        after,
        limit: LOOSE_BLOBS_AT_A_TIME,
      });
      const oldest = this.#upToEnough(page);
      await this.#remove(oldest);
      after = oldest.at(-1);
      if (after === undefined) return;
      await this.#pause();
    }
  }

  async takeManifests(): Promise<void> {
    while (!this.isEnough) {
      const bytes = this.#wanted - this.bytes;
      const released = await this.#options.metadata.evictManifests({
        bytes,
        limit: MANIFESTS_AT_A_TIME,
      });
      if (released.manifests === 0 && released.pinned === 0) return;
      this.manifests += released.manifests;
      // All of them: nobody would look for the rest before it has been unused for a while.
      await this.#remove(released.blobs);
      await this.#pause();
    }
  }

  /** Its beginning, as far as it is needed; one at least, as long as there is not enough. */
  #upToEnough(blobs: readonly LooseBlob[]): readonly LooseBlob[] {
    let bytes = this.bytes;
    const end = blobs.findIndex(({ size }) => {
      if (bytes >= this.#wanted) return true;
      bytes += size;
      return false;
    });
    return end === -1 ? blobs : blobs.slice(0, end);
  }

  async #remove(blobs: readonly BlobRecord[]): Promise<void> {
    for (const { size } of await removeUnneededBlobs(this.#options, blobs)) {
      this.blobs += 1;
      this.bytes += size;
    }
  }

  async #pause(): Promise<void> {
    this.#signal?.throwIfAborted();
    await nextTurn();
  }
}
