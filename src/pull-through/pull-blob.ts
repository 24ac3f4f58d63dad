/**
 * Blobs of mirrored repositories: held → served; being filled → followed; absent → filled, once, for everybody.
 * A blob is only ever given to a repository that refers to it.
 */
import type { Clock } from '../clock.ts';
import type { Digest } from '../oci/digest.ts';
import { displayName, type MirroredRepository } from '../oci/repository.ts';
import {
  type BlobStore,
  type Bytes,
  StoreFullError,
  undefinedIfFull,
} from '../store/blob-store.ts';
import type { DamagedBlobs } from '../store/damaged-blobs.ts';
import type { DigestLocks } from '../store/digest-locks.ts';
import { keepBlob } from '../store/keep-blob.ts';
import type { BlobRecord, MetadataStore } from '../store/metadata-store.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { PullThroughEvents } from './events.ts';
import { withDeadline } from './deadline.ts';
import { Fill, type FillProgress, type FillSpace } from './fill.ts';
import type { Mirror } from './mirror.ts';
import type { NegativeCache } from './negative-cache.ts';
import { HIT, type Outcome } from './outcome.ts';
import { followOrPassThrough, passThrough } from './pass-through.ts';
import type { Prefetch } from './prefetch.ts';

export type BlobAnswer =
  | { readonly state: 'held'; readonly blob: BlobRecord; readonly outcome: Outcome }
  /** Still arriving. `size` is unknown where neither upstream nor a manifest tells. */
  | {
      readonly state: 'arriving';
      readonly size: number | undefined;
      readonly outcome: Outcome;
      readonly open: (span: { readonly start: number; readonly end?: number }) => Bytes;
      /** Resolves when it is held. */
      readonly held: Promise<BlobRecord>;
    };

export interface BlobHead {
  readonly size: number | undefined;
  readonly outcome: Outcome;
}

export interface PullBlobOptions {
  readonly metadata: MetadataStore;
  readonly blobs: BlobStore;
  readonly locks: DigestLocks;
  readonly damaged: DamagedBlobs;
  readonly clock: Clock;
  readonly events: PullThroughEvents;
  readonly negative: NegativeCache;
  readonly prefetch: Prefetch;
}

export class PullBlob {
  readonly #metadata: MetadataStore;
  readonly #blobs: BlobStore;
  readonly #locks: DigestLocks;
  readonly #damaged: DamagedBlobs;
  readonly #clock: Clock;
  readonly #events: PullThroughEvents;
  readonly #negative: NegativeCache;
  readonly #prefetch: Prefetch;
  /** Running fills by digest: whichever repository began one, the content is the same. */
  readonly #fills = new Map<Digest, Fill>();
  /** Counts fills that have ended. */
  #generation = 0;
  #closed = false;

  constructor(options: PullBlobOptions) {
    this.#metadata = options.metadata;
    this.#blobs = options.blobs;
    this.#locks = options.locks;
    this.#damaged = options.damaged;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#negative = options.negative;
    this.#prefetch = options.prefetch;
  }

  get running(): number {
    return this.#fills.size;
  }

  /** Bytes that the running fill of a blob has written; 0: none runs. */
  written(digest: Digest): number {
    const { total, toCome } = this.#fills.get(digest)?.space ?? { total: 0, toCome: 0 };
    return total - toCome;
  }

  get fills(): readonly FillProgress[] {
    return Array.from(this.#fills.values(), ({ progress }) => progress);
  }

  /** What the running fills take in the store. */
  get space(): FillSpace {
    let [total, toCome] = [0, 0];
    for (const { space } of this.#fills.values()) {
      total += space.total;
      toCome += space.toCome;
    }
    return { total, toCome };
  }

  /**
   * The blob, held or arriving: resolves as soon as upstream's headers are in. UpstreamError where it cannot be had, in time for a
   * client that waits.
   */
  get(mirror: Mirror, repository: MirroredRepository, digest: Digest): Promise<BlobAnswer> {
    return withDeadline(this.#get(mirror, repository, digest), keyOf(repository, digest));
  }

  /** What a HEAD tells, in time as well; upstream is asked by HEAD and nothing is downloaded. `size` is unknown where nobody tells. */
  head(mirror: Mirror, repository: MirroredRepository, digest: Digest): Promise<BlobHead> {
    return withDeadline(this.#head(mirror, repository, digest), keyOf(repository, digest));
  }

  async #get(mirror: Mirror, repository: MirroredRepository, digest: Digest): Promise<BlobAnswer> {
    for (;;) {
      const generation = this.#generation;
      const held = await this.#held(mirror, repository, digest);
      if (held) return { state: 'held', blob: held, outcome: HIT };
      this.#refuseIfAbsent(repository, digest);
      const reference = await this.#metadata.findBlobReference(repository, digest);
      // From here to #begin nothing waits: two clients can never begin two fills.
      const running = this.#fills.get(digest);
      if (running?.failing === true) {
        // Its failure is for those who waited; a client that was cut and comes back at once gets a new fill.
        await running.settled.catch(() => undefined);
      } else if (running) {
        const joined = await this.#join(running, mirror, repository);
        if (joined) return joined;
      } else if (this.#generation === generation) {
        const fill = this.#begin(mirror, repository, digest, reference?.size);
        if (!mirror.budget.isLow) {
          void this.#prefetch.siblingsOf(repository, digest, (sibling) =>
            this.#fillAhead(mirror, repository, sibling),
          );
        }
        return this.#arriving(fill, mirror, repository, false);
      }
      // A fill ended while we looked, it may have been this one: look again before asking upstream twice.
    }
  }

  async #head(mirror: Mirror, repository: MirroredRepository, digest: Digest): Promise<BlobHead> {
    const held = await this.#held(mirror, repository, digest);
    if (held) return { size: held.size, outcome: HIT };
    this.#refuseIfAbsent(repository, digest);
    const running = this.#fills.get(digest);
    if (running?.failing === false && sameRepository(running.repository, repository)) {
      // On a full disk GET goes on without the fill, so HEAD asks upstream as well.
      const head = await running.head.catch(undefinedIfFull);
      if (head) return { size: head.size, outcome: { kind: 'miss', collapsed: true } };
    }
    const told = await this.#rememberingAbsence(mirror, repository, digest, () =>
      mirror.upstream.headBlob(repository.name, digest),
    );
    const reference = await this.#metadata.findBlobReference(repository, digest);
    return { size: told.size ?? reference?.size, outcome: { kind: 'miss', collapsed: false } };
  }

  /** Holds the blob when it resolves; for pushes that refer to what upstream has. */
  async ensure(
    mirror: Mirror,
    repository: MirroredRepository,
    digest: Digest,
  ): Promise<BlobRecord> {
    const answer = await this.get(mirror, repository, digest);
    return answer.state === 'held' ? answer.blob : answer.held;
  }

  /** Stops the fills; what they have written is kept for the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(Array.from(this.#fills.values(), (fill) => fill.suspend()));
  }

  /** A held blob that this repository may serve; one that another repository brought in is shared once that is proven. */
  async #held(
    mirror: Mirror,
    repository: MirroredRepository,
    digest: Digest,
  ): Promise<BlobRecord | undefined> {
    const own = await this.#metadata.findBlob(repository, digest);
    const record = own ?? (await this.#metadata.findHeldBlob(digest));
    if (!record) return undefined;
    // A copy of the wrong size is not served, and fetched again.
    const state = await this.#damaged.inspectSize(record, this.#clock.now());
    if (state !== 'intact') return undefined;
    if (own) return own;
    await this.#proveAccess(mirror, repository, digest);
    const linking = this.#metadata.linkBlob(repository, digest, this.#clock.now());
    // On a full disk it has to be proven again the next time.
    return (await linking.catch(undefinedIfFull)) === false ? undefined : record;
  }

  /**
   * Content that came in through another repository is only shared with one that upstream has it in, too. Its manifests
   * naming it prove that where the content came from the same upstream; anybody may name the digest of another's.
   */
  async #proveAccess(
    mirror: Mirror,
    repository: MirroredRepository,
    digest: Digest,
  ): Promise<void> {
    if (await this.#isNamedWithinUpstream(repository, digest)) return;
    this.#refuseIfAbsent(repository, digest);
    await this.#rememberingAbsence(mirror, repository, digest, () =>
      mirror.upstream.headBlob(repository.name, digest),
    );
  }

  async #isNamedWithinUpstream(repository: MirroredRepository, digest: Digest): Promise<boolean> {
    if (!(await this.#metadata.findBlobReference(repository, digest))) return false;
    const { upstream } = repository;
    if (this.#fills.get(digest)?.repository.upstream === upstream) return true;
    const holders = await this.#metadata.listBlobRepositories(digest);
    return holders.some((one) => one.kind === 'mirrored' && one.upstream === upstream);
  }

  /** Undefined: the fill was another repository's and failed, which says nothing about this one. */
  async #join(
    fill: Fill,
    mirror: Mirror,
    repository: MirroredRepository,
  ): Promise<BlobAnswer | undefined> {
    if (sameRepository(fill.repository, repository))
      return this.#arriving(fill, mirror, repository, true);
    await this.#proveAccess(mirror, repository, fill.digest);
    const linked = fill.settled.then(() =>
      this.#metadata.linkBlob(repository, fill.digest, this.#clock.now()),
    );
    linked.catch((cause: unknown) => {
      const what = `linking ${fill.digest} to ${displayName(repository)}`;
      this.#events.backgroundFailure({ what, cause });
    });
    try {
      return await this.#arriving(fill, mirror, repository, true);
    } catch (error) {
      // A wait that is over is over for this client too.
      if (error instanceof UpstreamError && error.kind === 'timeout') throw error;
      await fill.settled.catch(() => undefined);
      return undefined;
    }
  }

  /** `mirror` and `repository` are the client's own: the fill may be another repository's, of another upstream. */
  async #arriving(
    fill: Fill,
    mirror: Mirror,
    repository: MirroredRepository,
    collapsed: boolean,
  ): Promise<BlobAnswer> {
    const { digest } = fill;
    const { upstream } = mirror;
    const outcome = { kind: 'miss', collapsed } as const;
    try {
      const { size } = sameRepository(fill.repository, repository)
        ? await this.#rememberingAbsence(mirror, repository, digest, () => fill.head)
        : await fill.head;
      const options = { upstream, repository, digest, size };
      const open = (span: { start: number; end?: number }): Bytes =>
        followOrPassThrough(fill, options, span);
      return { state: 'arriving', size, outcome, open, held: fill.settled };
    } catch (error) {
      if (!(error instanceof StoreFullError)) throw error;
      const { size } = await upstream.headBlob(repository.name, digest);
      const options = { upstream, repository, digest, size };
      const open = (span: { start: number; end?: number }): Bytes => passThrough(options, span);
      return { state: 'arriving', size, outcome, open, held: fill.settled };
    }
  }

  #begin(
    mirror: Mirror,
    repository: MirroredRepository,
    digest: Digest,
    expectedSize: number | undefined,
  ): Fill {
    if (this.#closed) throw new UpstreamError('offline', 'the server is shutting down');
    const fill = new Fill({
      repository,
      digest,
      expectedSize,
      upstream: mirror.upstream,
      blobs: this.#blobs,
      events: this.#events,
      startedAt: this.#clock.now(),
      connections: mirror.connectionsPerBlob,
      // The record is part of the fill: whoever comes after it finds the blob held.
      publish: (commit) => {
        const keeping = { metadata: this.#metadata, blobs: this.#blobs, locks: this.#locks };
        return keepBlob(keeping, { repository, digest, at: this.#clock.now() }, commit);
      },
    });
    this.#fills.set(digest, fill);
    const release = (): void => {
      this.#fills.delete(digest);
      this.#generation += 1;
    };
    fill.settled.then(release, release);
    return fill;
  }

  async #fillAhead(
    mirror: Mirror,
    repository: MirroredRepository,
    sibling: BlobRecord,
  ): Promise<void> {
    if (this.#closed || this.#fills.has(sibling.digest)) return;
    if (await this.#metadata.findHeldBlob(sibling.digest)) return;
    if (this.#fills.has(sibling.digest)) return;
    await this.#begin(mirror, repository, sibling.digest, sibling.size).settled;
  }

  #refuseIfAbsent(repository: MirroredRepository, digest: Digest): void {
    const key = keyOf(repository, digest);
    if (!this.#negative.has(key)) return;
    throw new UpstreamError('not-found', `${key} was not found upstream moments ago`);
  }

  async #rememberingAbsence<Value>(
    mirror: Mirror,
    repository: MirroredRepository,
    digest: Digest,
    ask: () => Promise<Value>,
  ): Promise<Value> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof UpstreamError && error.kind === 'not-found') {
        this.#negative.remember(keyOf(repository, digest), mirror.negativeMaxAge);
      }
      throw error;
    }
  }
}

function sameRepository(one: MirroredRepository, other: MirroredRepository): boolean {
  return one.upstream === other.upstream && one.name === other.name;
}

function keyOf(repository: MirroredRepository, digest: Digest): string {
  return `blob ${displayName(repository)}@${digest}`;
}
