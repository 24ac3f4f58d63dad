import type { UsageCounts } from './inventory-records.ts';

export function sumUsage(one: UsageCounts, other: UsageCounts): UsageCounts {
  return {
    requests: one.requests + other.requests,
    hits: one.hits + other.hits,
    misses: one.misses + other.misses,
    stale: one.stale + other.stale,
    bytesServed: one.bytesServed + other.bytesServed,
    bytesFetched: one.bytesFetched + other.bytesFetched,
  };
}
