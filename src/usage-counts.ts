/** What was asked for and answered, as it is kept, told and shown: one shape and one sum for all of them. */

export interface UsageCounts {
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  readonly stale: number;
  readonly bytesServed: number;
  readonly bytesFetched: number;
}

export const NO_USAGE: UsageCounts = {
  requests: 0,
  hits: 0,
  misses: 0,
  stale: 0,
  bytesServed: 0,
  bytesFetched: 0,
};

/** What they come to together; of none, zeros. */
export function sumUsage(...counts: readonly UsageCounts[]): UsageCounts {
  const sum = { ...NO_USAGE };
  for (const one of counts) {
    sum.requests += one.requests;
    sum.hits += one.hits;
    sum.misses += one.misses;
    sum.stale += one.stale;
    sum.bytesServed += one.bytesServed;
    sum.bytesFetched += one.bytesFetched;
  }
  return sum;
}
