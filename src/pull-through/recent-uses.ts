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

  /** Writes down what was used until now. On a full disk it is kept for the next time. */
  async flush(): Promise<void> {
    const uses = [...this.#pending];
    this.#pending.clear();
    for (let done = 0; done < uses.length; done += BATCH) {
      try {
        await this.#metadata.recordUses(uses.slice(done, done + BATCH).map(([, use]) => use));
      } catch (error) {
        for (const [key, use] of uses.slice(done)) {
          if (!this.#pending.has(key)) this.#note(key, use);
        }
        if (error instanceof StoreFullError) return;
        throw error;
      }
      await nextTurn();
    }
  }

  #note(key: string, use: Use): void {
    if (this.#pending.size < MAX_PENDING || this.#pending.has(key)) this.#pending.set(key, use);
  }
}
