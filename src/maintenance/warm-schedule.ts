/** The `warm` lists of the configuration, each fetched soon after the start and then again and again. */
import { Schedule } from './schedule.ts';
import type { Warm, WarmList } from './warm.ts';

/** After the start, so that what clients are waiting for comes first. */
const FIRST_AFTER_MS = 1_000;
/** A whole farm that starts together shall not ask at the same moment, but soon. */
const MAX_FIRST_JITTER_MS = 60_000;
/** By so much of the interval, too, the mirrors of a farm drift apart. */
const JITTER = 0.1;

export interface ScheduledList extends WarmList {
  /** ms */
  readonly every: number;
}

export class WarmSchedule {
  readonly #schedules: readonly Schedule[];

  /** @param random - as Math.random: from 0 to 1 */
  constructor(
    warm: Warm,
    lists: readonly ScheduledList[],
    onError: (error: unknown) => void,
    random: () => number = Math.random,
  ) {
    this.#schedules = lists.map((list) => {
      const { every } = list;
      const jitter = Math.min(MAX_FIRST_JITTER_MS, every * JITTER);
      return new Schedule({
        // Rather a bit too often than too seldom: tags are to stay fresh.
        intervalMs: every * (1 - JITTER * random()),
        firstAfterMs: FIRST_AFTER_MS + jitter * random(),
        task: async (signal) => void (await warm.run(list, undefined, signal)),
        onError,
      });
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#schedules.map((schedule) => schedule.close()));
  }
}
