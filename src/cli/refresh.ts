import type { Command } from 'commander';
import { type RefreshAnswer, refreshAnswer } from '../api/image.ts';
import { each } from './each.ts';
import { shortDigest } from './image-words.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import type { Terminal } from './terminal.ts';

export function addRefresh(program: Command, terminal: Terminal): void {
  const command = program
    .command('refresh')
    .summary('ask upstream now what a tag names')
    .description(
      'Asks upstream now what a tag names, however fresh the answer that is held, and takes it over.',
    )
    .argument('<image...>', 'NAME[:TAG] of a mirrored repository')
    .option('--force', 'take over what is younger than tags.minAge, too')
    .addHelpText('after', EXAMPLES);
  withServer(withJson(command)).action(
    async (images: string[], options: JsonOption & ServerOptions & { readonly force?: true }) => {
      const client = await connect(options, terminal);
      await each(
        images,
        terminal,
        (image) => client.post(refreshAnswer, '/refresh', { image, force: options.force }),
        (answers) => print(answers, options, terminal, () => answers.map(sentence).join('')),
      );
    },
  );
}

const EXAMPLES = `
Examples:
  holdfast refresh alpine:3                  after a release, instead of waiting for its maxAge
  holdfast refresh --force app:1.4.1         a fix that must not wait for tags.minAge
  holdfast ls ghcr.io/org/app -q | xargs holdfast refresh
`;

function sentence({ image, before, after, changed, heldBack }: RefreshAnswer): string {
  if (heldBack)
    return `${image} has changed, but is younger than tags.minAge: still ${shortDigest(after)}\n`;
  if (!changed) return `${image} has not changed: ${shortDigest(after)}\n`;
  const old = before === null ? 'nothing' : shortDigest(before);
  return `${image} has changed: ${old} → ${shortDigest(after)}\n`;
}
