/**
 * A fill: one upstream body on its way into the store, hashed as it goes. Any number of clients follow it, early or
 * late, each from its own offset and at its own speed; it outlives them all. A body that drops or stalls is taken up
 * again where it ended, with `Range`, from the registry URL.
 */
import { digestHex, digestAlgorithm, type Digest } from '../oci/digest.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import {
  type BlobStat,
  type BlobStore,
  type BlobWriter,
  type Bytes,
  DigestMismatchError,
  SizeMismatchError,
  StoreFullError,
} from '../store/blob-store.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { Deferred } from './deferred.ts';
import type { PullThroughEvents } from './events.ts';
import { rangedBody, RangesIgnoredError } from './ranged-body.ts';
import { UpstreamBody } from './upstream-body.ts';

/** Bytes; a smaller rest is over before more connections pay. */
const SMALLEST_IN_RANGES = 32 * 1024 * 1024;

export interface FillOptions {
  readonly repository: MirroredRepository;
  readonly digest: Digest;
  /** Bytes, where a manifest has told. */
  readonly expectedSize: number | undefined;
  readonly upstream: Upstream;
  readonly blobs: BlobStore;
  readonly events: PullThroughEvents;
  readonly startedAt: number;
  /** How many a large blob is fetched over, in ranges. */
  readonly connections: number;
  /** Makes the commit and what belongs to it one step; gives what the commit gives. */
  readonly publish: (commit: () => Promise<BlobStat>) => Promise<BlobStat>;
}

/** What is known once upstream's headers are in. */
export interface FillHead {
  readonly size: number | undefined;
}

/** Bytes in the store, as far as upstream has told, and how many of them are still to be written. */
export interface FillSpace {
  readonly total: number;
  readonly toCome: number;
}

/** How far a fill has come. */
export interface FillProgress {
  readonly repository: MirroredRepository;
  readonly digest: Digest;
  /** Bytes; undefined where neither upstream nor a manifest tells. */
  readonly size: number | undefined;
  readonly written: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Clients that read from it. */
  readonly followers: number;
  /** Bytes that an earlier fill had left. */
  readonly resumedFrom: number;
}

export class Fill {
  readonly repository: MirroredRepository;
  readonly digest: Digest;
  /** Resolves with upstream's headers, rejects if there never were any. */
  readonly head: Promise<FillHead>;
  /** Resolves when the blob is in the store, rejects with what ended the fill. */
  readonly settled: Promise<BlobStat>;

  readonly #options: FillOptions;
  readonly #stop = new AbortController();
  readonly #headReady = new Deferred<FillHead>();
  #writer: BlobWriter | undefined;
  #size: number | undefined;
  /** Upstream has told the size itself. */
  #isTold = false;
  #kept = false;
  #failing = false;
  #resumedFrom = 0;
  #followers = 0;

  constructor(options: FillOptions) {
    this.repository = options.repository;
    this.digest = options.digest;
    this.#options = options;
    this.#size = options.expectedSize;
    this.head = this.#headReady.promise;
    this.settled = this.#run();
    // Both outcomes reach everybody who asks; a fill that nobody waits for must not end the process.
    this.head.catch(ignoreUnheard);
    this.settled.catch(ignoreUnheard);
  }

  /** It has failed and is being put away: whoever comes now is to wait for `settled` and begin a new one. */
  get failing(): boolean {
    return this.#failing;
  }

  get space(): FillSpace {
    // From then on it counts as what is held.
    if (this.#kept) return { total: 0, toCome: 0 };
    const written = this.#writer?.size ?? 0;
    // What a manifest claims is anybody's word: all that is held would make room for it.
    const told = this.#isTold ? (this.#size ?? 0) : 0;
    const total = Math.max(written, told);
    return { total, toCome: total - written };
  }

  /** The bytes of the span as they arrive; only after `head` has resolved. */
  follow(span: { readonly start: number; readonly end?: number }): Bytes {
    if (!this.#writer) throw new Error('a fill can only be followed once its head is there');
    return this.#writer.follow(span);
  }

  get progress(): FillProgress {
    return {
      repository: this.repository,
      digest: this.digest,
      size: this.#size,
      written: this.#writer?.size ?? 0,
      startedAt: this.#options.startedAt,
      followers: this.#followers,
      resumedFrom: this.#resumedFrom,
    };
  }

  /** One more reads from it, until what this returns is called. */
  join(): () => void {
    this.#followers += 1;
    return () => {
      this.#followers -= 1;
    };
  }

  /** Ends the fill but keeps its bytes, so that the next one goes on from there. */
  async suspend(): Promise<void> {
    this.#stop.abort(new UpstreamError('offline', 'the server is shutting down'));
    await this.settled.catch(ignoreUnheard);
  }

  async #run(): Promise<BlobStat> {
    const { blobs, events } = this.#options;
    const id = fillId(this.digest);
    const info = { repository: this.repository, digest: this.digest };
    try {
      const options = { algorithm: digestAlgorithm(this.digest) };
      const body = this.#upstreamBody();
      const leftover = await blobs.resume(id, options);
      // Upstream need not wait for the file to be made.
      if (!leftover && !this.#comesInRanges(0)) body.begin();
      const writer = leftover ?? (await blobs.create(id, options));
      this.#writer = writer;
      this.#resumedFrom = writer.size;
      events.fillStarted({ ...info, resumedFrom: writer.size });
      const stat = (await this.#commitLeftover(writer)) ?? (await this.#fetch(writer, body));
      this.#headReady.resolve({ size: stat.size });
      events.fillCommitted({ ...info, size: stat.size });
      return stat;
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      this.#failing = true;
      // What upstream was asked for and nobody reads any more.
      this.#stop.abort(error);
      this.#headReady.reject(error);
      events.fillFailed({ ...info, at: this.#writer?.size ?? 0, cause: error });
      await this.#release(error);
      throw error;
    }
  }

  /** A crash between the last byte and the commit leaves a whole body behind: it needs no upstream. */
  async #commitLeftover(writer: BlobWriter): Promise<BlobStat | undefined> {
    const size = this.#options.expectedSize;
    if (writer.size === 0 || (size !== undefined && writer.size < size)) return undefined;
    try {
      return await this.#commit(writer, size);
    } catch (error) {
      if (!isMismatch(error)) throw error;
      // Without a size it may well be a beginning, as far as anybody knows.
      if (size !== undefined) await writer.truncate(0);
      return undefined;
    }
  }

  #upstreamBody(): UpstreamBody {
    const { upstream, events, expectedSize } = this.#options;
    const { repository, digest } = this;
    return new UpstreamBody({
      upstream,
      repository,
      digest,
      size: expectedSize,
      signal: this.#stop.signal,
      onHead: (size, isTold) => this.#sized(size, isTold),
      onResume: (at, cause) => events.fillResumed({ repository, digest, at, cause }),
    });
  }

  /** Upstream's headers are in. */
  #sized(size: number | undefined, isTold: boolean): void {
    this.#isTold ||= isTold;
    if (size !== undefined) {
      const { repository, digest } = this;
      this.#size = size;
      this.#writer?.expectSize(size);
      this.#options.events.fillSized({ repository, digest, size });
    }
    this.#headReady.resolve({ size });
  }

  async #fetch(writer: BlobWriter, body: UpstreamBody): Promise<BlobStat> {
    await writer.append(this.#bytesFrom(writer.size, body), this.#stop.signal);
    return this.#commit(writer, body.size);
  }

  async *#bytesFrom(start: number, body: UpstreamBody): AsyncGenerator<Uint8Array> {
    let position = start;
    if (this.#comesInRanges(start)) {
      try {
        for await (const chunk of this.#ranges(start, this.#size ?? start)) {
          position += chunk.byteLength;
          yield chunk;
        }
        return;
      } catch (error) {
        if (!(error instanceof RangesIgnoredError)) throw error;
      }
    }
    yield* body.from(position);
  }

  /** Only what a manifest has told the size of: the first request has to know it. */
  #comesInRanges(start: number): boolean {
    const { connections, expectedSize = 0 } = this.#options;
    return connections > 1 && expectedSize - start >= SMALLEST_IN_RANGES;
  }

  #ranges(start: number, size: number): AsyncIterable<Uint8Array> {
    const { upstream, events, connections } = this.#options;
    const { repository, digest } = this;
    return rangedBody(start, {
      open: async (span, signal) => {
        const answer = await upstream.blobRange(repository.name, digest, span, signal);
        this.#isTold ||= answer?.size === size;
        return answer;
      },
      size,
      connections,
      signal: this.#stop.signal,
      onBegun: () => this.#sized(size, this.#isTold),
      onResume: (at, cause) => events.fillResumed({ repository, digest, at, cause }),
    });
  }

  async #commit(writer: BlobWriter, size: number | undefined): Promise<BlobStat> {
    const expected = { digest: this.digest, ...(size !== undefined && { size }) };
    const stat = await this.#options.publish(() => writer.commit(expected));
    this.#kept = true;
    return stat;
  }

  /** Bytes that proved wrong go; bytes that are merely incomplete stay for the next fill. */
  async #release(error: Error): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    const keep = writer.size > 0 && !isMismatch(error) && !isPointless(error);
    await (keep ? writer.suspend(error) : writer.abort(error)).catch((cause: unknown) => {
      this.#options.events.backgroundFailure({
        what: `putting away the fill of ${this.digest}`,
        cause,
      });
    });
  }
}

/** The same digest always has the same writer, so that a fill is found again after a restart. */
export function fillId(digest: Digest): string {
  return `fill-${digestAlgorithm(digest)}-${digestHex(digest)}`;
}

function isMismatch(error: unknown): boolean {
  return error instanceof DigestMismatchError || error instanceof SizeMismatchError;
}

/** Keeping the bytes would help nobody: upstream contradicts itself, or the disk needs the room. */
function isPointless(error: unknown): boolean {
  return (
    error instanceof StoreFullError ||
    (error instanceof UpstreamError && error.kind === 'bad-answer')
  );
}

function ignoreUnheard(): void {
  // The failure has been told by the event; this only keeps it from being "unhandled".
}
