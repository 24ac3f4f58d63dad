import type { Command } from 'commander';
import { type PinsAnswer, pinsAnswer } from '../api/pins.ts';
import { systemClock } from '../clock.ts';
import { each } from './each.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { readableAge } from './quantities.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

type Options = JsonOption & ServerOptions;

export function addPin(program: Command, terminal: Terminal): void {
  const command = program
    .command('pin')
    .summary('keep images from being evicted; list what is pinned')
    .description(
      'Keeps images from being evicted, those that are here and those that come later, with their signatures and SBOMs. ' +
        'Without a pattern it lists the pins. Globs are over names in full, as ls shows them. ' +
        'Hosted images are never evicted and need no pin.',
    )
    .argument('[pattern...]', "an image, or a glob over NAME:TAG in which '*' matches slashes too")
    .addHelpText('after', PIN_EXAMPLES);
  withServer(withJson(command)).action(async (patterns: string[], options: Options) => {
    const client = await connect(options, terminal);
    if (patterns.length === 0)
      return show(await client.get(pinsAnswer, '/pins'), options, terminal);
    return each(
      patterns,
      terminal,
      (pattern) => client.post(pinsAnswer, '/pins', { pattern }),
      (answers) => show(answers.at(-1), options, terminal),
    );
  });
}

export function addUnpin(program: Command, terminal: Terminal): void {
  const command = program
    .command('unpin')
    .summary('let pinned images be evicted again')
    .description(
      'Takes pins away, by the pattern that they were made with. Those of the configuration stay as long as they stand there.',
    )
    .argument('<pattern...>', 'as pin lists it')
    .addHelpText('after', UNPIN_EXAMPLES);
  withServer(withJson(command)).action(async (patterns: string[], options: Options) => {
    const client = await connect(options, terminal);
    return each(
      patterns,
      terminal,
      (pattern) => client.delete(pinsAnswer, '/pins', { pattern }),
      (answers) => show(answers.at(-1), options, terminal),
    );
  });
}

const PIN_EXAMPLES = `
Examples:
  holdfast pin                                     what is pinned
  holdfast pin alpine:3 ghcr.io/org/base:1.4
  holdfast pin 'docker.io/library/postgres:16*'    quote globs, or the shell reads them
`;

const UNPIN_EXAMPLES = `
Examples:
  holdfast unpin alpine:3
  holdfast unpin 'docker.io/library/postgres:16*'
`;

const COLUMNS = [
  { head: 'PATTERN', cut: true },
  { head: 'KEEPS', align: 'right' },
  { head: 'SINCE' },
  { head: 'BY' },
] as const;

/** The pins as they are after the last change; none where every change was refused. */
function show(answer: PinsAnswer | undefined, options: Options, terminal: Terminal): void {
  if (answer === undefined) return;
  print(answer, options, terminal, ({ pins }) => {
    if (pins.length === 0) return 'nothing is pinned\n';
    const now = systemClock.now();
    const rows = pins.map(({ pattern, images, more, at, configured }) => [
      pattern,
      `${images}${more ? '+' : ''}`,
      readableAge(at, now),
      configured ? 'configuration' : 'hand',
    ]);
    return table(COLUMNS, rows, terminal);
  });
}
