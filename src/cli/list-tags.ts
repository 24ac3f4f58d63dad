import { type TagEntry, tagsAnswer } from '../api/tags.ts';
import { systemClock } from '../clock.ts';
import { allPages } from './all-pages.ts';
import type { ApiClient } from './api-client.ts';
import { platformName, shortDigest } from './image-words.ts';
import type { ListOptions } from './list-options.ts';
import { print } from './print.ts';
import { readableAge, readableSize } from './quantities.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

const COLUMNS = [
  { head: 'TAG', cut: true },
  { head: 'DIGEST' },
  { head: 'SIZE', align: 'right' },
  { head: 'PLATFORMS', cut: true },
  { head: 'CHECKED' },
  { head: 'LAST USED' },
  { head: 'PINNED' },
] as const;

/** `holdfast ls REPOSITORY` */
export async function listTags(
  client: ApiClient,
  repository: string,
  options: ListOptions,
  terminal: Terminal,
): Promise<void> {
  const { search, limit = Infinity } = options;
  const tags = await allPages(limit, async (page) => {
    const answer = await client.get(tagsAnswer, '/tags', { repository, search, ...page });
    return { entries: answer.tags, next: answer.next };
  });
  print({ tags }, options, terminal, () => {
    if (options.quiet === true) return tags.map(({ name }) => `${repository}:${name}\n`).join('');
    if (tags.length === 0) return `no tags of ${repository} are here\n`;
    return table(COLUMNS, tags.map(row), terminal);
  });
}

function row(tag: TagEntry): string[] {
  const now = systemClock.now();
  return [
    tag.name,
    shortDigest(tag.digest),
    readableSize(tag.size),
    tag.platforms.map(platformName).join(', '),
    readableAge(tag.checkedAt, now),
    tag.usedAt === null ? '' : readableAge(tag.usedAt, now),
    tag.pinned ? 'yes' : '',
  ];
}
