/**
 * The pull-through engine: mirrored content by manifest, blob and list. It knows ports only; who calls it decides which
 * repository is meant and whether the client may have it.
 */
import type { Clock } from '../clock.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference, Tag } from '../oci/reference.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { DamagedBlobs } from '../store/damaged-blobs.ts';
import type { DigestLocks } from '../store/digest-locks.ts';
import type { BlobRecord, MetadataStore } from '../store/metadata-store.ts';
import type { ListPage, TagPage } from '../upstream/upstream.ts';
import type { CheckOptions } from './check-tag.ts';
import type { PullThroughEvents } from './events.ts';
import { ManifestFetcher } from './fetch-manifest.ts';
import type { FillProgress, FillSpace } from './fill.ts';
import type { Mirror } from './mirror.ts';
import { tellingMiss } from './misses.ts';
import { NegativeCache } from './negative-cache.ts';
import type { Outcome } from './outcome.ts';
import { Prefetch } from './prefetch.ts';
import { type BlobAnswer, PullBlob } from './pull-blob.ts';
import { PullLists } from './pull-lists.ts';
import { type ManifestAnswer, PullManifest, type RefreshedTag } from './pull-manifest.ts';
import type { RecentUses } from './recent-uses.ts';

export interface PullThroughOptions {
  /** By the upstream's configured name. */
  readonly mirrors: ReadonlyMap<string, Mirror>;
  readonly metadata: MetadataStore;
  readonly blobs: BlobStore;
  readonly locks: DigestLocks;
  readonly damaged: DamagedBlobs;
  readonly uses: RecentUses;
  readonly clock: Clock;
  readonly events: PullThroughEvents;
  readonly prefetch: boolean;
}

/** Far less than what eviction tells uses apart by. */
const SAME_MOMENT_MS = 1_000;

export interface Using {
  /** Notes that the answer has been given once more; the first time is noted already. */
  readonly use: () => void;
}

export class PullThrough {
  readonly #mirrors: ReadonlyMap<string, Mirror>;
  readonly #manifests: PullManifest;
  readonly #blobs: PullBlob;
  readonly #lists: PullLists;
  readonly #prefetch: Prefetch;
  readonly #uses: RecentUses;
  readonly #events: PullThroughEvents;
  readonly #clock: Clock;

  constructor(options: PullThroughOptions) {
    const { mirrors, metadata, blobs, locks, damaged, uses, clock, events, prefetch } = options;
    const negative = new NegativeCache(clock);
    const fetcher = new ManifestFetcher({ metadata, clock, negative });
    this.#mirrors = mirrors;
    this.#uses = uses;
    this.#events = events;
    this.#clock = clock;
    this.#prefetch = new Prefetch({ metadata, events, enabled: prefetch });
    this.#manifests = new PullManifest({ metadata, clock, events, fetcher });
    this.#lists = new PullLists(metadata, this.#manifests);
    this.#blobs = new PullBlob({
      metadata,
      blobs,
      locks,
      damaged,
      clock,
      events,
      negative,
      prefetch: this.#prefetch,
    });
  }

  /** Fills under way. */
  get fillsRunning(): number {
    return this.#blobs.running;
  }

  get fills(): readonly FillProgress[] {
    return this.#blobs.fills;
  }

  /** What they take in the store. */
  get fillSpace(): FillSpace {
    return this.#blobs.space;
  }

  async manifest(
    repository: MirroredRepository,
    reference: Reference,
  ): Promise<ManifestAnswer & Using> {
    const got = this.#manifests.get(this.#mirrorOf(repository), repository, reference);
    const answer = await this.#tellingManifest(repository, reference, got);
    const { digest } = answer.manifest;
    const use = this.#noting(() => {
      this.#prefetch.manifestServed(repository, digest);
      this.#uses.manifest(repository, digest);
    });
    use();
    return { ...answer, use };
  }

  /** A use too: a client that has the image already asks no more than this. */
  async headManifest(
    repository: MirroredRepository,
    reference: Reference,
  ): Promise<ManifestAnswer & Using> {
    const got = this.#manifests.head(this.#mirrorOf(repository), repository, reference);
    const answer = await this.#tellingManifest(repository, reference, got);
    const { digest } = answer.manifest;
    const use = this.#noting(() => this.#uses.manifest(repository, digest));
    use();
    return { ...answer, use };
  }

  /** Asks upstream now what the tag names, and takes it over: see `PullManifest.refresh`. */
  refresh(repository: MirroredRepository, tag: Tag, options?: CheckOptions): Promise<RefreshedTag> {
    return this.#manifests.refresh(this.#mirrorOf(repository), repository, tag, options);
  }

  blob(repository: MirroredRepository, digest: Digest): Promise<BlobAnswer> {
    this.#uses.blob(digest);
    const got = this.#blobs.get(this.#mirrorOf(repository), repository, digest);
    return tellingMiss(this.#events, { repository, kind: 'blob', reference: digest }, got);
  }

  headBlob(
    repository: MirroredRepository,
    digest: Digest,
  ): Promise<{ readonly size: number | undefined; readonly outcome: Outcome }> {
    return this.#blobs.head(this.#mirrorOf(repository), repository, digest);
  }

  /** The manifest, held when this resolves unless the disk is full. A use, but no sign that a client comes for its blobs next. */
  async ensureManifest(repository: MirroredRepository, digest: Digest): Promise<ManifestAnswer> {
    const reference = { kind: 'digest', digest } as const;
    const answer = await this.#manifests.get(this.#mirrorOf(repository), repository, reference);
    this.#uses.manifest(repository, digest);
    return answer;
  }

  /** The blob, held when this resolves. */
  ensureBlob(repository: MirroredRepository, digest: Digest): Promise<BlobRecord> {
    return this.#blobs.ensure(this.#mirrorOf(repository), repository, digest);
  }

  /** Bytes of the blob that a running fill has written, 0 where none runs. */
  written(digest: Digest): number {
    return this.#blobs.written(digest);
  }

  /** What is left of the upstream's pull limit is for clients: nothing else should ask for manifests. */
  savesLimit(repository: MirroredRepository): boolean {
    return this.#mirrorOf(repository).budget.isLow;
  }

  tags(repository: MirroredRepository, page: ListPage): Promise<TagPage> {
    return this.#lists.tags(this.#mirrorOf(repository), repository, page);
  }

  referrers(repository: MirroredRepository, subject: Digest): Promise<readonly Descriptor[]> {
    return this.#lists.referrers(this.#mirrorOf(repository), repository, subject);
  }

  /** All tags that upstream has now. Fails where upstream does, whatever is held. */
  upstreamTags(repository: MirroredRepository): AsyncIterable<string> {
    return this.#lists.upstreamTags(this.#mirrorOf(repository), repository);
  }

  /** What refers to `subject` upstream now, by the referrers API or by tag. Fails where upstream does, whatever is held. */
  upstreamReferrers(repository: MirroredRepository, subject: Digest): Promise<readonly Digest[]> {
    return this.#lists.upstreamReferrers(this.#mirrorOf(repository), repository, subject);
  }

  /** Ends what runs; unfinished fills keep their bytes. */
  async close(): Promise<void> {
    this.#prefetch.close();
    await this.#blobs.close();
  }

  #tellingManifest(
    repository: MirroredRepository,
    reference: Reference,
    answer: Promise<ManifestAnswer>,
  ): Promise<ManifestAnswer> {
    const what = reference.kind === 'tag' ? reference.tag : reference.digest;
    return tellingMiss(this.#events, { repository, kind: 'manifest', reference: what }, answer);
  }

  /** Notes a use, but not the next ones of the same moment: nobody needs to know better, and warm answers are many. */
  #noting(note: () => void): () => void {
    let notedAt = -Infinity;
    return () => {
      const now = this.#clock.now();
      if (Math.abs(now - notedAt) < SAME_MOMENT_MS) return;
      notedAt = now;
      note();
    };
  }

  #mirrorOf(repository: MirroredRepository): Mirror {
    const mirror = this.#mirrors.get(repository.upstream);
    if (!mirror) throw new Error(`no upstream ${repository.upstream} is configured`);
    return mirror;
  }
}
