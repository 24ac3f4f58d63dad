import type { Command } from 'commander';
import { type MissEntry, type MissReason, missesAnswer } from '../api/activity.ts';
import { systemClock } from '../clock.ts';
import { countOption } from './count-option.ts';
import { shortDigest } from './image-words.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { readableAge } from './quantities.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

interface Options extends JsonOption, ServerOptions {
  readonly limit: number;
}

/** As many as the server remembers. */
const MOST = 1_000;
const DEFAULT = 30;

export function addMisses(program: Command, terminal: Terminal): void {
  const command = program
    .command('misses')
    .summary('why pulls had to go upstream')
    .description(
      'Lists what could not be served from the store since the server started, and why: ' +
        'the answer to "why was this pull a miss". Newest first.',
    )
    .argument('[repository]', 'only of this repository')
    .addOption(countOption('-n, --limit <count>', 'at most so many', MOST).default(DEFAULT))
    .addHelpText('after', EXAMPLES);
  withServer(withJson(command)).action(async (repository: string | undefined, options: Options) => {
    const client = await connect(options, terminal);
    const answer = await client.get(missesAnswer, '/misses', { repository, n: options.limit });
    print(answer, options, terminal, ({ misses }) =>
      misses.length === 0 ? 'no misses\n' : table(COLUMNS, misses.map(row), terminal),
    );
  });
}

const EXAMPLES = `
Examples:
  holdfast misses
  holdfast misses ghcr.io/org/app
  holdfast misses -n 1000 --json | jq '.misses | group_by(.reason) | map({(.[0].reason): length}) | add'
`;

const COLUMNS = [
  { head: 'WHEN' },
  { head: 'WHAT', cut: true },
  { head: 'WHY', cut: true },
] as const;

function row(miss: MissEntry): string[] {
  const now = systemClock.now();
  return [readableAge(miss.at, now), what(miss), why(miss, now)];
}

function what({ repository, reference, kind }: MissEntry): string {
  if (!reference.includes(':')) return `${repository}:${reference}`;
  const digest = shortDigest(reference);
  return kind === 'blob' ? `${repository} (blob ${digest})` : `${repository}@${digest}`;
}

const REASONS: Readonly<Record<MissReason, string>> = {
  'first-pull': 'never pulled here before',
  'tag-moved': 'upstream gave the tag a new digest',
  evicted: 'evicted to make room',
  deleted: 'deleted',
  damaged: 'found damaged and dropped',
  'not-kept': 'asked for before, but it could not be kept',
  'not-found-upstream': 'upstream does not have it',
  'upstream-failed': 'upstream failed',
  'too-young': 'too young to be taken over',
};

function why({ reason, since, detail }: MissEntry, now: number): string {
  const when = since === null ? '' : ` ${readableAge(since, now)}`;
  return `${REASONS[reason]}${when}${detail === null ? '' : `: ${detail}`}`;
}
