/**
 * Which content was used when, collected in memory and written down in batches: a hit costs no write. What a crash
 * loses is a few seconds of the order in which content may be evicted.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Digest } from '../oci/digest.ts';
import { displayName, type Repository } from '../oci/repository.ts';
import { StoreFullError } from '../store/blob-store.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import type { Use } from '../store/upkeep-records.ts';

/** Uses in one transaction: a few milliseconds, indexes with many platforms included. */
const BATCH = 100;

/** Of content in use between two flushes; more than any server has in a few seconds. While the disk is full, it bounds the memory. */
const MAX_PENDING = 100_000;

export class RecentUses {
  readonly #metadata: MetadataStore;
  readonly #clock: Clock;
  readonly #pending = new Map<string, Use>();
  /** Settles, never rejecting, when what was begun to be written is written. */
  #writing: Promise<void> = Promise.resolve();

  constructor(metadata: MetadataStore, clock: Clock) {
    this.#metadata = metadata;
    this.#clock = clock;
  }

  manifest(repository: Repository, digest: Digest): void {
    const at = this.#clock.now();
    this.#note(`${repository.kind} ${displayName(repository)}@${digest}`, {
      kind: 'manifest',
      repository,
      digest,
      at,
    });
  }

  blob(digest: Digest): void {
    this.#note(digest, { kind: 'blob', digest, at: this.#clock.now() });
  }

  /**
   * Resolves when all that was used until now is written down, whoever has begun to; what is used meanwhile as well, unless that is
   * much. On a full disk it is kept for the next time.
   */
  flush(): Promise<void> {
    const written = this.#writing.then(() => this.#write());
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #write(): Promise<void> {
    // The last batch has room for what comes while the others are written.
    let batches = Math.floor(this.#pending.size / BATCH) + 1;
    while (await this.#writeBatch()) {
      batches -= 1;
      if (batches === 0) return;
      await nextTurn();
    }
  }

  /** False where there is nothing to write, or no room for it. */
  async #writeBatch(): Promise<boolean> {
    const batch: [string, Use][] = [];
    for (const entry of this.#pending) {
      batch.push(entry);
      if (batch.length === BATCH) break;
    }
    if (batch.length === 0) return false;
    try {
      await this.#metadata.recordUses(batch.map(([, use]) => use));
    } catch (error) {
      if (error instanceof StoreFullError) return false;
      throw error;
    }
    for (const [key, use] of batch) {
      if (this.#pending.get(key) === use) this.#pending.delete(key);
    }
    return true;
  }

  #note(key: string, use: Use): void {
    if (this.#pending.size < MAX_PENDING || this.#pending.has(key)) this.#pending.set(key, use);
  }
}
