import pLimit, { type LimitFunction } from 'p-limit';

/** Slots that bodies leave free, so that manifests and tokens never queue behind downloads. */
const RESERVE = 2;

/** Bounds how many requests are under way to one upstream. */
export class ConnectionSlots {
  readonly #all: LimitFunction;
  readonly #bodies: LimitFunction;

  /** @param max - with few slots the reserve shrinks; a single one is shared by all */
  constructor(max: number) {
    this.#all = pLimit({ concurrency: max, rejectOnClear: true });
    this.#bodies = pLimit({
      concurrency: Math.max(1, max - Math.min(RESERVE, max - 1)),
      rejectOnClear: true,
    });
  }

  /**
   * Resolves, in order of asking, once there is a slot, with what gives it back (once; more often does no harm).
   *
   * @param use - `body`: a long download; `short`: everything else
   */
  async acquire(use: 'short' | 'body', signal?: AbortSignal): Promise<() => void> {
    if (use === 'short') return await take(this.#all, signal);
    const body = await take(this.#bodies, signal);
    try {
      const slot = await take(this.#all, signal);
      return () => {
        slot();
        body();
      };
    } catch (error) {
      body();
      throw error;
    }
  }

  /** Whoever still waits is rejected. */
  close(): void {
    this.#all.clearQueue();
    this.#bodies.clearQueue();
  }
}

function take(limit: LimitFunction, signal: AbortSignal | undefined): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      reject(signal?.reason as Error);
    };
    if (signal?.aborted === true) {
      leave();
      return;
    }
    signal?.addEventListener('abort', leave, { once: true });
    limit(
      () =>
        new Promise<void>((release) => {
          signal?.removeEventListener('abort', leave);
          // Who has left the queue meanwhile takes no slot.
          if (signal?.aborted === true) release();
          else resolve(release);
        }),
    ).catch((error: unknown) => {
      signal?.removeEventListener('abort', leave);
      reject(error);
    });
  });
}
