import type { Command } from 'commander';
import { deleteImageAnswer } from '../api/image.ts';
import { each } from './each.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import type { Terminal } from './terminal.ts';

export function addRm(program: Command, terminal: Terminal): void {
  const command = program
    .command('rm')
    .summary('delete images')
    .description(
      'Deletes images: a tag alone, or a digest with every tag that names it. ' +
        'Of a mirrored image the copy that is held goes, and the next pull fetches it again; ' +
        'a hosted one is gone for good.',
    )
    .argument('<image...>', 'NAME[:TAG] or NAME@DIGEST')
    .addHelpText('after', EXAMPLES);
  withServer(withJson(command)).action(
    async (images: string[], options: JsonOption & ServerOptions) => {
      const client = await connect(options, terminal);
      await each(
        images,
        terminal,
        (image) => client.delete(deleteImageAnswer, '/image', { image }),
        (answers) =>
          print(answers, options, terminal, () => {
            const deleted = answers.flatMap((answer) => answer.deleted);
            const later = answers.some(({ freedLater }) => freedLater);
            return deleted.map((name) => `deleted ${name}\n`).join('') + (later ? LATER : '');
          }),
      );
    },
  );
}

const LATER =
  'Its room is free when it has been collected: within the hour, or now with holdfast gc.\n';

const EXAMPLES = `
Examples:
  holdfast rm team/app:old
  holdfast rm alpine:3                       drops the copy; the next pull asks docker.io again
  holdfast ls team/app --search nightly -q | xargs holdfast rm
`;
