import { type EvictionEntry, evictionsAnswer } from '../api/upkeep.ts';
import { systemClock } from '../clock.ts';
import type { ApiClient } from './api-client.ts';
import { shortDigest } from './image-words.ts';
import type { ListOptions } from './list-options.ts';
import { print } from './print.ts';
import { readableAge, readableSize } from './quantities.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

const COLUMNS = [
  { head: 'NEXT TO GO', cut: true },
  { head: 'DIGEST' },
  { head: 'FREES', align: 'right' },
  { head: 'LAST USED' },
] as const;

/** What the server tells at a time. */
const MOST = 1_000;
const DEFAULT = 50;

/** `holdfast ls --evict-next` */
export async function listEvictions(
  client: ApiClient,
  options: ListOptions,
  terminal: Terminal,
): Promise<void> {
  const n = Math.min(MOST, options.limit ?? DEFAULT);
  const answer = await client.get(evictionsAnswer, '/evictions', { n });
  print(answer, options, terminal, ({ next, wouldFree }) => {
    if (options.quiet === true) return next.map((entry) => `${reference(entry)}\n`).join('');
    if (next.length === 0) return 'nothing can be evicted\n';
    const rows = table(COLUMNS, next.map(row), terminal);
    return `${rows}\nAll of it would free ${readableSize(wouldFree)}.\n`;
  });
}

function row(entry: EvictionEntry): string[] {
  return [
    title(entry),
    shortDigest(entry.digest),
    readableSize(entry.bytes),
    readableAge(entry.usedAt, systemClock.now()),
  ];
}

function title({ kind, name, tags, belongsTo }: EvictionEntry): string {
  const place = name ?? 'no repository';
  if (kind === 'blob') return `${place} (a blob that no image needs)`;
  if (tags.length > 0) return `${place}:${tags.join(', ')}`;
  return belongsTo.length > 0
    ? `${place} (part of ${belongsTo.join(', ')})`
    : `${place} (untagged)`;
}

function reference({ name, digest }: EvictionEntry): string {
  return name === null ? digest : `${name}@${digest}`;
}
