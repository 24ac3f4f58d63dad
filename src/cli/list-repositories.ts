import { type RepositoryEntry, repositoriesAnswer } from '../api/repositories.ts';
import { systemClock } from '../clock.ts';
import { allPages } from './all-pages.ts';
import type { ApiClient } from './api-client.ts';
import type { ListOptions } from './list-options.ts';
import { print } from './print.ts';
import { readableAge, readableSize } from './quantities.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

const COLUMNS = [
  { head: 'REPOSITORY', cut: true },
  { head: 'KIND' },
  { head: 'TAGS', align: 'right' },
  { head: 'SIZE', align: 'right' },
  { head: 'LAST ADDED' },
  { head: 'LAST USED' },
  { head: 'PINNED' },
] as const;

/** `holdfast ls` */
export async function listRepositories(
  client: ApiClient,
  options: ListOptions,
  terminal: Terminal,
): Promise<void> {
  const { search, kind, limit = Infinity } = options;
  const repositories = await allPages(limit, async (page) => {
    const answer = await client.get(repositoriesAnswer, '/repositories', { search, kind, ...page });
    return { entries: answer.repositories, next: answer.next };
  });
  print({ repositories }, options, terminal, () => {
    if (options.quiet === true) return repositories.map(({ name }) => `${name}\n`).join('');
    if (repositories.length === 0) return 'nothing is here\n';
    return table(COLUMNS, repositories.map(row), terminal);
  });
}

function row(entry: RepositoryEntry): string[] {
  const now = systemClock.now();
  return [
    entry.name,
    entry.kind,
    String(entry.tags),
    readableSize(entry.bytes),
    readableAge(entry.cachedAt, now),
    // Nobody counts the use of what is never evicted.
    entry.kind === 'hosted' ? '' : readableAge(entry.usedAt, now),
    entry.pinned ? 'yes' : '',
  ];
}
