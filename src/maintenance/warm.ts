/** Images fetched ahead of need: a list of them, each by itself, a few at a time. One that fails does not stop the rest. */
import pLimit from 'p-limit';
import type { Clock } from '../clock.ts';
import type { Platform } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import { TooYoungError } from '../pull-through/min-age.ts';
import type { PullThrough } from '../pull-through/pull-through.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import { SavingLimitError, warmImage } from './warm-image.ts';

/** Enough to hide one image's latency behind another's blobs. */
const PARALLEL_IMAGES = 3;
/** Over all lists: a quarter of `maxConnections`, so that what clients ask for finds a connection. */
const PARALLEL_BLOBS = 4;

/** What a list entry means, or why it means nothing that could be fetched. */
export type WarmTarget =
  | { readonly ok: true; readonly repository: MirroredRepository; readonly reference: Reference }
  | { readonly ok: false; readonly problem: string };

export interface WarmProgress {
  /** As the list has it. */
  readonly image: string;
  readonly state: 'resolving' | 'fetching' | 'done' | 'failed';
  /** Bytes that are held, and of all that is wanted; 0 until that is known. */
  readonly done: number;
  readonly total: number;
  readonly message?: string;
}

export interface WarmList {
  readonly images: readonly string[];
  /** None: all that there are. */
  readonly platforms: readonly Platform[];
}

export interface WarmFailure {
  readonly image: string;
  readonly cause: unknown;
  /** It was put off on purpose: too young, or the pull limit is nearly used up. */
  readonly postponed: boolean;
}

export interface WarmRun {
  readonly images: number;
  /** Bytes of the images that are now held whole. */
  readonly bytes: number;
  readonly durationMs: number;
  readonly failures: readonly WarmFailure[];
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
    { images, platforms }: WarmList,
    onProgress: (progress: WarmProgress) => void,
    signal: AbortSignal,
  ): Promise<WarmRun> {
    const wanted = [...new Set(images)];
    const began = this.#options.clock.now();
    const limit = pLimit(PARALLEL_IMAGES);
    const failures: WarmFailure[] = [];
    let bytes = 0;
    const one = async (image: string): Promise<void> => {
      let latest = { done: 0, total: 0 };
      const tell = (state: WarmProgress['state'], message?: string): void =>
        onProgress({ image, state, ...latest, ...(message !== undefined && { message }) });
      try {
        signal.throwIfAborted();
        tell('resolving');
        const target = this.#options.resolve(image);
        if (!target.ok) throw new Error(target.problem);
        const warming = warmImage({
          ...this.#options,
          ...target,
          platforms,
          limit: this.#blobLimit,
          signal,
          onProgress: (progress) => {
            const same = progress.done === latest.done && progress.total === latest.total;
            if (same || signal.aborted) return;
            latest = progress;
            tell('fetching');
          },
        });
        const { total, isHeldBack } = await untilAborted(warming, signal);
        bytes += total;
        latest = { done: total, total };
        tell('done', isHeldBack ? HELD_BACK : undefined);
      } catch (cause) {
        const postponed = cause instanceof TooYoungError || cause instanceof SavingLimitError;
        failures.push({ image, cause, postponed });
        tell('failed', cause instanceof Error ? cause.message : String(cause));
      }
    };
    await Promise.all(wanted.map((image) => limit(one, image)));
    const durationMs = this.#options.clock.now() - began;
    const run = { images: wanted.length, bytes, durationMs, failures };
    this.#options.events.warmed(run);
    return run;
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

const HELD_BACK = 'a newer one is younger than tags.minAge; this is the one before';
