/** Why pulls were misses: the last of them in memory, each with what became of the content that was here before. */
import type { MissEntry, MissesQuery } from '../api/activity.ts';
import type { Clock } from '../clock.ts';
import { displayName, type MirroredRepository } from '../oci/repository.ts';
import type { Miss } from '../pull-through/events.ts';
import { TooYoungError } from '../pull-through/min-age.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import { UpstreamError } from '../upstream/errors.ts';

/** Some hundred kilobytes; what is older has mostly no reader any more. */
const MAX_MISSES = 1_000;

/** The same failure again within this is not told again: a stampede is one event. */
const REPEAT_MS = 10_000;

interface Told {
  readonly repository: MirroredRepository;
  readonly entry: MissEntry;
}

type Reason = Pick<MissEntry, 'reason' | 'since' | 'detail'>;

export interface RecentMissesOptions {
  readonly metadata: MetadataStore;
  readonly clock: Clock;
  /** Its reason could not be looked up. */
  readonly onError: (error: unknown) => void;
}

export class RecentMisses {
  readonly #options: RecentMissesOptions;
  /** By what was missed, the latest last. */
  readonly #latest = new Map<string, MissEntry>();
  readonly #told: Told[] = [];

  constructor(options: RecentMissesOptions) {
    this.#options = options;
  }

  /** Notes it; nobody waits for the reason to be looked up. */
  note(miss: Miss): void {
    const at = this.#options.clock.now();
    this.#explain(miss)
      .then((reason) => this.#keep(miss, at, reason))
      .catch(this.#options.onError);
  }

  /** Newest first. */
  list(
    { repository, n }: MissesQuery,
    isShown: (repository: MirroredRepository) => boolean,
  ): MissEntry[] {
    return this.#told
      .filter(({ entry }) => repository === undefined || entry.repository === repository)
      .filter((one) => isShown(one.repository))
      .slice(-n)
      .map(({ entry }) => entry)
      .toReversed();
  }

  #keep({ repository, kind, reference }: Miss, at: number, reason: Reason): void {
    const entry = { at, repository: displayName(repository), reference, kind, ...reason };
    const key = keyOf({ repository, kind, reference });
    const before = this.#latest.get(key);
    const isRepeated = before?.reason === reason.reason && at - before.at < REPEAT_MS;
    this.#latest.delete(key);
    this.#latest.set(key, entry);
    if (isRepeated && isFailure(reason)) return;
    this.#told.push({ repository, entry });
    if (this.#told.length > MAX_MISSES) this.#told.shift();
    const [oldest] = this.#latest.keys();
    if (this.#latest.size > MAX_MISSES && oldest !== undefined) this.#latest.delete(oldest);
  }

  async #explain(miss: Miss): Promise<Reason> {
    const { cause } = miss;
    if (cause === 'moved') return { reason: 'tag-moved', since: null, detail: null };
    if (cause instanceof TooYoungError) return failed('too-young', cause);
    if (cause instanceof UpstreamError) {
      const isMissing = cause.kind === 'not-found' || cause.kind === 'denied';
      return failed(isMissing ? 'not-found-upstream' : 'upstream-failed', cause);
    }
    const before = this.#latest.get(keyOf(miss));
    const { repository, reference } = miss;
    const departure = await this.#options.metadata.inventory.findDeparture(repository, reference);
    if (departure && departure.at >= (before?.at ?? 0)) {
      return { reason: departure.reason, since: departure.at, detail: null };
    }
    return before && !isFailure(before)
      ? { reason: 'not-kept', since: before.at, detail: 'an earlier pull of it was not kept' }
      : { reason: 'first-pull', since: null, detail: null };
  }
}

function failed(reason: MissEntry['reason'], { message }: Error): Reason {
  return { reason, since: null, detail: message };
}

function isFailure({ reason }: Pick<MissEntry, 'reason'>): boolean {
  return reason === 'not-found-upstream' || reason === 'upstream-failed' || reason === 'too-young';
}

function keyOf({ repository, kind, reference }: Omit<Miss, 'cause'>): string {
  return `${kind} ${displayName(repository)} ${reference}`;
}
