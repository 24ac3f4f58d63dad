import { TooYoungError } from '../pull-through/min-age.ts';
import type { WarmFailure, WarmProgress, WarmRun } from './warm.ts';
import type { WarmedImage } from './warm-image.ts';
import { SavingLimitError, type WarmSource } from './warm-parts.ts';

const HELD_BACK = 'a newer one is younger than tags.minAge; this is the one before';

/** What has come of a list so far: it tells of each step, and counts. */
export class WarmOutcome {
  readonly #onProgress: (progress: WarmProgress) => void;
  readonly #latest = new Map<string, Pick<WarmProgress, 'done' | 'total'>>();
  readonly #failures: WarmFailure[] = [];
  readonly #unreferred: Omit<WarmFailure, 'postponed'>[] = [];
  #held = 0;
  #bytes = 0;

  constructor(onProgress: (progress: WarmProgress) => void) {
    this.#onProgress = onProgress;
  }

  get counts(): Omit<WarmRun, 'durationMs'> {
    return {
      images: this.#held + this.#failures.length,
      bytes: this.#bytes,
      failures: this.#failures,
      unreferred: this.#unreferred,
    };
  }

  resolving(image: string): void {
    this.#tell(image, 'resolving');
  }

  /** What is to be told how far the image is; nothing after `signal`. */
  progressOf(image: string, signal: AbortSignal): WarmSource['onProgress'] {
    return (progress) => {
      const latest = this.#latest.get(image);
      const same = progress.done === latest?.done && progress.total === latest.total;
      if (same || signal.aborted) return;
      this.#latest.set(image, progress);
      this.#tell(image, 'fetching');
    };
  }

  matched(pattern: string, tags: number): void {
    this.#tell(pattern, 'matched', `${tags} ${tags === 1 ? 'tag matches' : 'tags match'}`);
  }

  done(image: string, { total, isHeldBack, referrersFailure }: WarmedImage): void {
    this.#held += 1;
    this.#bytes += total;
    this.#latest.set(image, { done: total, total });
    const remarks = isHeldBack ? [HELD_BACK] : [];
    if (referrersFailure !== undefined) {
      this.#unreferred.push({ image, cause: referrersFailure });
      remarks.push(`without what refers to it: ${textOf(referrersFailure)}`);
    }
    this.#tell(image, 'done', remarks.length === 0 ? undefined : remarks.join('; '));
  }

  failed(image: string, cause: unknown): void {
    const postponed = cause instanceof TooYoungError || cause instanceof SavingLimitError;
    this.#failures.push({ image, cause, postponed });
    this.#tell(image, 'failed', textOf(cause));
  }

  #tell(image: string, state: WarmProgress['state'], message?: string): void {
    const latest = this.#latest.get(image) ?? { done: 0, total: 0 };
    this.#onProgress({ image, state, ...latest, ...(message !== undefined && { message }) });
  }
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
