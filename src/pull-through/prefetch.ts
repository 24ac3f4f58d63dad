/**
 * Fetches an image's other blobs as soon as a client has asked for its first layer: a client asks for a few at a time, one after
 * the other, and upstream's latency and per-connection limits add up.
 *
 * Only images whose manifest was asked for lately count, and only layers set it off: containerd reads the configs of
 * all platforms of an index but the layers of its own, and base layers are shared by many images that nobody wants now.
 */
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import type { Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { displayName, type MirroredRepository } from '../oci/repository.ts';
import type { BlobRecord, MetadataStore } from '../store/metadata-store.ts';
import type { PullThroughEvents } from './events.ts';

/** A pull asks for its layers within seconds of its manifest; slow networks and retries get some more. */
const RECENT_MS = 10 * 60 * 1_000;
const MAX_RECENT_MANIFESTS = 1_000;
/** A pull is over by then, or asks for itself. */
const TRIED_MS = 60 * 1_000;
/** The blobs of many hundred images; a name is some hundred bytes. */
const MAX_TRIED = 10_000;
/** More than clients use themselves (3 to 6); half of `maxConnections`, so that what clients ask for finds a connection. */
const MAX_PARALLEL = 8;

export interface PrefetchOptions {
  readonly metadata: MetadataStore;
  readonly events: PullThroughEvents;
  readonly enabled: boolean;
}

export class Prefetch {
  readonly #metadata: MetadataStore;
  readonly #events: PullThroughEvents;
  readonly #enabled: boolean;
  readonly #limit = pLimit(MAX_PARALLEL);
  /** Every layer that a client asks for names the same siblings again: one try is enough, also one that failed. */
  readonly #tried = new LRUCache<string, true>({ max: MAX_TRIED, ttl: TRIED_MS });
  readonly #recent = new LRUCache<
    string,
    { readonly repository: MirroredRepository; readonly digest: Digest }
  >({
    max: MAX_RECENT_MANIFESTS,
    ttl: RECENT_MS,
  });

  constructor(options: PrefetchOptions) {
    this.#metadata = options.metadata;
    this.#events = options.events;
    this.#enabled = options.enabled;
  }

  /** A client has been given this manifest: its blobs may be wanted next. Called on every pull, so it only takes a note. */
  manifestServed(repository: MirroredRepository, digest: Digest): void {
    if (this.#enabled)
      this.#recent.set(`${displayName(repository)}@${digest}`, { repository, digest });
  }

  /** A client has asked for a layer that is not held: fetches the rest of the images that it was asked for. Never rejects. */
  async siblingsOf(
    repository: MirroredRepository,
    asked: Digest,
    fetch: (blob: BlobRecord) => Promise<void>,
  ): Promise<void> {
    if (!this.#enabled) return;
    try {
      const siblings = await this.#siblings(repository, asked);
      for (const blob of siblings.values()) {
        this.#enqueue(`${displayName(repository)}@${blob.digest}`, () => fetch(blob));
      }
    } catch (cause) {
      this.#events.backgroundFailure({ what: `prefetching with ${asked}`, cause });
    }
  }

  #enqueue(key: string, fetch: () => Promise<void>): void {
    if (this.#tried.has(key)) return;
    this.#tried.set(key, true);
    // A failed one is told by the fill itself, and fetched again when a client asks.
    this.#limit(fetch).catch(() => undefined);
  }

  async #siblings(repository: MirroredRepository, asked: Digest): Promise<Map<Digest, BlobRecord>> {
    const siblings = new Map<Digest, BlobRecord>();
    for (const recent of this.#recent.values()) {
      if (recent.repository.name !== repository.name) continue;
      if (recent.repository.upstream !== repository.upstream) continue;
      const content = await this.#metadata.readManifest(recent.digest);
      if (!content) continue;
      const parsed = parseManifest(content, undefined);
      if (!parsed.ok) continue;
      const blobs = parsed.manifest.descriptors.filter(({ role }) => role !== 'manifest');
      if (!blobs.some(({ role, digest }) => role === 'layer' && digest === asked)) continue;
      for (const { digest, size } of blobs)
        if (digest !== asked) siblings.set(digest, { digest, size });
    }
    return siblings;
  }

  /** Drops what has not begun. */
  close(): void {
    this.#limit.clearQueue();
  }
}
