import type { UsageDay } from '../api/activity.ts';
import { sumUsage, type UsageCounts } from '../usage-counts.ts';
import { readableSize } from './quantities.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface UsageTotal extends UsageCounts {
  /** Bytes that clients got and upstream did not have to send; below 0 where more was fetched ahead than was served. */
  readonly bytesSaved: number;
}

/** What all days come to. */
export function totalUsage(days: readonly UsageDay[]): UsageTotal {
  const sum = sumUsage(...days.map(({ total }) => total));
  return { ...sum, bytesSaved: sum.bytesServed - sum.bytesFetched };
}

const COLUMNS = [
  { head: 'DAY' },
  { head: 'REQUESTS', align: 'right' },
  { head: 'HITS', align: 'right' },
  { head: 'MISSES', align: 'right' },
  { head: 'STALE', align: 'right' },
  { head: 'SERVED', align: 'right' },
  { head: 'FETCHED', align: 'right' },
  { head: 'SAVED', align: 'right' },
] as const;

/** Day by day, and in all. */
export function describeUsage(days: readonly UsageDay[], terminal: Terminal): string {
  const total = totalUsage(days);
  const rows = days.map(({ day, total: counts }) =>
    row(day, { ...counts, bytesSaved: counts.bytesServed - counts.bytesFetched }),
  );
  return `${table(COLUMNS, [...rows, row('in all', total)], terminal)}\n${verdict(total)}`;
}

function row(name: string, counts: UsageTotal): string[] {
  return [
    name,
    String(counts.requests),
    String(counts.hits),
    String(counts.misses),
    String(counts.stale),
    readableSize(counts.bytesServed),
    readableSize(counts.bytesFetched),
    saved(counts.bytesSaved),
  ];
}

function verdict({ requests, hits, bytesServed, bytesSaved }: UsageTotal): string {
  if (requests === 0) return 'Nothing was asked for.\n';
  const asked = `${share(hits, requests)} of ${requests} requests were served from the store`;
  if (bytesServed === 0 || bytesSaved <= 0) return `${asked}.\n`;
  return `${asked}; ${readableSize(bytesSaved)} (${share(bytesSaved, bytesServed)} of what was served) did not have to be fetched.\n`;
}

function share(part: number, whole: number): string {
  return `${Math.floor((part * 100) / whole)}%`;
}

function saved(bytes: number): string {
  return bytes < 0 ? `-${readableSize(-bytes)}` : readableSize(bytes);
}
