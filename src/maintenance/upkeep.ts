/** Everything that keeps the store in shape, each on its own timer, never twice at a time, and on demand. */
import type { Clock } from '../clock.ts';
import type { DamagedBlobs } from '../store/damaged-blobs.ts';
import type { BlobKeeping } from '../store/keep-blob.ts';
import { collect, type Collected } from './collect.ts';
import type { UpkeepEvents } from './events.ts';
import { evict, type Evicted, type EvictOptions } from './evict.ts';
import { Pace } from './pace.ts';
import { Schedule } from './schedule.ts';
import { sweep, type Swept } from './sweep.ts';
import { sweepOrphans } from './sweep-orphans.ts';
import { verify, type Verified, VERIFY_BYTES_PER_SECOND, type VerifyOptions } from './verify.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What a crash loses of the order of use. */
const FLUSH_INTERVAL_MS = 5 * SECOND_MS;
/** Fills ask for eviction themselves; this is for what others write to the disk. */
const EVICT_INTERVAL_MS = MINUTE_MS;
/** Often enough that an abandoned upload does not outstay `uploadMaxAge` by much. */
const SWEEP_INTERVAL_MS = 10 * MINUTE_MS;
/** How long the bytes of a deleted blob stay. */
const COLLECT_INTERVAL_MS = HOUR_MS;
/** Looks at each file; what a client asks for is looked at anyway. */
const INSPECT_INTERVAL_MS = DAY_MS;
/** Reads everything. */
const VERIFY_INTERVAL_MS = 7 * DAY_MS;
/** A server that is started again and again must not read everything each time. */
const FIRST_VERIFY_MS = 6 * HOUR_MS;
/** A day for a build that pushes its blobs in the morning and its manifest at night, however short uploads may be. */
const MIN_GRACE_MS = DAY_MS;

export interface UpkeepOptions extends BlobKeeping {
  readonly damaged: DamagedBlobs;
  readonly clock: Clock;
  readonly events: UpkeepEvents;
  readonly maxSize: number;
  readonly minFree: number;
  readonly uploadMaxAge: number;
  readonly fillSpace: EvictOptions['fillSpace'];
  /** Writes down recent uses. */
  readonly flushUses: () => Promise<void>;
  /** Ends upload sessions not used since then; resolves with how many. */
  readonly expireUploads: (before: number) => Promise<number>;
}

export interface GarbageCollected {
  readonly swept: Swept;
  readonly orphans: number;
  readonly collected: Collected;
  readonly evicted: Evicted;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #evicting: Schedule;
  readonly #schedules: readonly Schedule[];

  constructor(options: UpkeepOptions) {
    this.#options = options;
    const every = (
      intervalMs: number,
      what: string,
      task: (signal: AbortSignal) => Promise<unknown>,
      firstAfterMs = 0,
    ): Schedule =>
      new Schedule({
        intervalMs,
        firstAfterMs,
        task: async (signal) => void (await task(signal)),
        onError: (cause) => options.events.failed({ what, cause }),
      });
    this.#evicting = every(EVICT_INTERVAL_MS, 'eviction', (signal) => this.#evict(signal));
    this.#schedules = [
      this.#evicting,
      every(FLUSH_INTERVAL_MS, 'noting what was used', () => options.flushUses()),
      every(SWEEP_INTERVAL_MS, 'the sweep', () => this.#sweep()),
      every(COLLECT_INTERVAL_MS, 'collection', (signal) => this.#collect(signal), HOUR_MS),
      every(INSPECT_INTERVAL_MS, 'the inspection', async (signal) => {
        const pace = new Pace();
        await this.#sweepOrphans(signal, pace);
        await this.#verify({ content: false, pace }, signal);
      }),
      every(
        VERIFY_INTERVAL_MS,
        'verification',
        (signal) => this.verify({}, signal),
        FIRST_VERIFY_MS,
      ),
    ];
  }

  /** There is more than there was, or less room: looks whether something has to go. */
  evictSoon(): void {
    this.#evicting.soon();
  }

  /** Removes everything that nobody needs, now. */
  async collectGarbage(signal?: AbortSignal): Promise<GarbageCollected> {
    return {
      swept: await this.#sweep(),
      orphans: await this.#sweepOrphans(signal),
      collected: await this.#collect(signal),
      evicted: await this.#evict(signal),
    };
  }

  /** Reads everything again, no faster than `bytesPerSecond`. */
  verify(
    how: Partial<Pick<VerifyOptions, 'bytesPerSecond' | 'onProgress' | 'onDamage'>> = {},
    signal?: AbortSignal,
  ): Promise<Verified> {
    return this.#verify({ content: true, ...how }, signal);
  }

  /** Stops what runs. */
  async close(): Promise<void> {
    await Promise.all(this.#schedules.map((schedule) => schedule.close()));
  }

  async #evict(signal?: AbortSignal): Promise<Evicted> {
    // What was used a moment ago must not go first.
    await this.#options.flushUses();
    const evicted = await evict(this.#options, signal);
    this.#options.events.evicted(evicted);
    return evicted;
  }

  async #collect(signal?: AbortSignal): Promise<Collected> {
    const grace = Math.max(MIN_GRACE_MS, this.#options.uploadMaxAge);
    const collected = await collect({ ...this.#options, grace }, signal);
    this.#options.events.collected(collected);
    return collected;
  }

  async #sweep(): Promise<Swept> {
    const swept = await sweep(this.#options);
    this.#options.events.swept(swept);
    return swept;
  }

  async #sweepOrphans(signal?: AbortSignal, pace?: Pace): Promise<number> {
    const count = await sweepOrphans({ ...this.#options, pace }, signal);
    this.#options.events.orphansSwept(count);
    return count;
  }

  async #verify(
    how: Pick<VerifyOptions, 'content' | 'pace'> &
      Partial<Pick<VerifyOptions, 'bytesPerSecond' | 'onProgress' | 'onDamage'>>,
    signal?: AbortSignal,
  ): Promise<Verified> {
    const options = { bytesPerSecond: VERIFY_BYTES_PER_SECOND, ...this.#options, ...how };
    const verified = await verify(options, signal);
    this.#options.events.verified(verified);
    return verified;
  }
}
