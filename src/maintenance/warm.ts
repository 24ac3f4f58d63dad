/**
 * Images fetched ahead of need: a list of them, each by itself, a few at a time. A glob stands for the tags that upstream has then.
 * One that fails does not stop the rest.
 */
import pLimit from 'p-limit';
import type { Clock } from '../clock.ts';
import type { TagPattern } from '../oci/image-patterns.ts';
import type { Platform } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import type { PullThrough } from '../pull-through/pull-through.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import { warmImage } from './warm-image.ts';
import { WarmOutcome } from './warm-outcome.ts';
import { SavingLimitError } from './warm-parts.ts';
import { matchTags } from './warm-tags.ts';

/** Enough to hide one image's latency behind another's blobs. */
const PARALLEL_IMAGES = 3;
/** Over all lists: a quarter of `maxConnections`, so that what clients ask for finds a connection. */
const PARALLEL_BLOBS = 4;

/** What a list entry means, or why it means nothing that could be fetched. */
export type WarmTarget =
  ImageTarget | TagsTarget | { readonly kind: 'none'; readonly problem: string };

interface ImageTarget {
  readonly kind: 'image';
  readonly repository: MirroredRepository;
  readonly reference: Reference;
}

interface TagsTarget {
  readonly kind: 'tags';
  readonly repository: MirroredRepository;
  readonly pattern: TagPattern;
}

export interface WarmProgress {
  /** As the list has it, or what has come of a glob. */
  readonly image: string;
  /** `matched`: a glob, the images of which are told of by themselves. */
  readonly state: 'resolving' | 'matched' | 'fetching' | 'done' | 'failed';
  /** Bytes that are held, and of all that is wanted; 0 until that is known. */
  readonly done: number;
  readonly total: number;
  readonly message?: string;
}

export interface WarmList {
  readonly images: readonly string[];
  /** None: all that there are. */
  readonly platforms: readonly Platform[];
  /** With what refers to them: signatures, attestations, SBOMs. */
  readonly referrers: boolean;
}

export interface WarmFailure {
  readonly image: string;
  readonly cause: unknown;
  /** It was put off on purpose: too young, or the pull limit is nearly used up. */
  readonly postponed: boolean;
}

export interface WarmRun {
  /** Images, and globs that failed. */
  readonly images: number;
  /** Bytes of the images that are now held whole. */
  readonly bytes: number;
  readonly durationMs: number;
  readonly failures: readonly WarmFailure[];
  /** What is here but for its referrers. */
  readonly unreferred: readonly Omit<WarmFailure, 'postponed'>[];
}

export interface WarmEvents {
  /** A list is through. */
  warmed(run: WarmRun): void;
}

export interface WarmOptions {
  readonly pullThrough: PullThrough;
  readonly metadata: MetadataStore;
  readonly clock: Clock;
  readonly events: WarmEvents;
  readonly resolve: (image: string) => WarmTarget;
}

export class Warm {
  readonly #options: WarmOptions;
  readonly #blobLimit = pLimit(PARALLEL_BLOBS);
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<WarmRun>>();

  constructor(options: WarmOptions) {
    this.#options = options;
  }

  /** Resolves when every image is through, failed ones too. After `signal` no further part is begun. */
  run(
    list: WarmList,
    onProgress: (progress: WarmProgress) => void = () => undefined,
    signal?: AbortSignal,
  ): Promise<WarmRun> {
    const stop = AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])]);
    const run = this.#run(list, onProgress, stop);
    this.#running.add(run);
    return run.finally(() => this.#running.delete(run));
  }

  /** Begins nothing more; fills that are under way end with the engine. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the server is shutting down'));
    await Promise.allSettled(this.#running);
  }

  async #run(
    list: WarmList,
    onProgress: (progress: WarmProgress) => void,
    signal: AbortSignal,
  ): Promise<WarmRun> {
    const { clock, events } = this.#options;
    const began = clock.now();
    const outcome = new WarmOutcome(onProgress);
    const limit = pLimit(PARALLEL_IMAGES);
    const begun = new Set<string>();
    const visit = async (image: string, target?: ImageTarget): Promise<void> => {
      if (begun.has(image)) return;
      begun.add(image);
      const matched = await limit(() => this.#one(image, target, list, outcome, signal));
      await Promise.all(matched.map((one) => visit(one.image, one.target)));
    };
    await Promise.all(list.images.map((image) => visit(image)));
    const run = { ...outcome.counts, durationMs: clock.now() - began };
    events.warmed(run);
    return run;
  }

  /** Fetches an image; of a glob it tells the images that match. */
  async #one(
    image: string,
    known: ImageTarget | undefined,
    list: WarmList,
    outcome: WarmOutcome,
    signal: AbortSignal,
  ): Promise<readonly MatchedImage[]> {
    try {
      signal.throwIfAborted();
      outcome.resolving(image);
      const target = known ?? this.#options.resolve(image);
      if (target.kind === 'none') throw new Error(target.problem);
      if (target.kind === 'tags') {
        return await untilAborted(this.#match(image, target, outcome, signal), signal);
      }
      const warming = warmImage({
        ...this.#options,
        ...target,
        ...list,
        limit: this.#blobLimit,
        signal,
        onProgress: outcome.progressOf(image, signal),
      });
      outcome.done(image, await untilAborted(warming, signal));
    } catch (cause) {
      outcome.failed(image, cause);
    }
    return [];
  }

  async #match(
    image: string,
    { repository, pattern }: TagsTarget,
    outcome: WarmOutcome,
    signal: AbortSignal,
  ): Promise<readonly MatchedImage[]> {
    const { pullThrough } = this.#options;
    if (pullThrough.savesLimit(repository)) throw new SavingLimitError(repository.upstream);
    const { tags, matches } = await matchTags(pullThrough, repository, pattern, signal);
    if (matches === 0) throw new Error('upstream has no tag that matches');
    const leftOut = matches - tags.length;
    if (leftOut === 0) outcome.matched(image, matches);
    else outcome.failed(image, new TooManyTagsError(matches, leftOut));
    return tags.map((tag) => ({
      image: `${pattern.name}:${tag}`,
      target: { kind: 'image', repository, reference: { kind: 'tag', tag } },
    }));
  }
}

interface MatchedImage {
  readonly image: string;
  readonly target: ImageTarget;
}

class TooManyTagsError extends Error {
  override readonly name = 'TooManyTagsError';

  constructor(matches: number, leftOut: number) {
    super(
      `${matches} tags match: the highest are fetched, ${leftOut} are left out; state a narrower glob`,
    );
  }
}

/** Stops waiting at once; fills that were begun go on, as they would for a client that leaves. */
function untilAborted<Value>(waited: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('it was stopped', { cause: signal.reason }));
    signal.addEventListener('abort', abort, { once: true });
    void waited.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
