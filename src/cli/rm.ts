import type { Command } from 'commander';
import { type DeleteImageAnswer, deleteImageAnswer, imageAnswer } from '../api/image.ts';
import type { ApiClient } from './api-client.ts';
import { each } from './each.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import type { Terminal } from './terminal.ts';

interface Options extends JsonOption, ServerOptions {
  readonly whole?: true;
}

export function addRm(program: Command, terminal: Terminal): void {
  const command = program
    .command('rm')
    .summary('delete tags and images')
    .description(
      'Deletes a tag alone, or with a digest or --whole the image itself and every tag that names it. ' +
        'Of a mirrored image the copy that is held goes, and the next pull fetches it again; ' +
        'a hosted one is gone for good.',
    )
    .argument('<image...>', 'NAME[:TAG] or NAME@DIGEST')
    .option('--whole', 'the image that the tag names, too')
    .addHelpText('after', EXAMPLES);
  withServer(withJson(command)).action(async (images: string[], options: Options) => {
    const client = await connect(options, terminal);
    await each(
      images,
      terminal,
      (image) => remove(client, image, options.whole ?? false),
      (answers) => print(answers, options, terminal, report),
    );
  });
}

const EXAMPLES = `
Examples:
  holdfast rm team/app:old                   the tag; the image can still be pulled by digest
  holdfast rm --whole team/app:old           the image, and every tag that names it
  holdfast rm alpine:3                       drops the copy; the next pull asks docker.io again
  holdfast ls team/app --search nightly -q | xargs holdfast rm --whole
`;

async function remove(
  client: ApiClient,
  image: string,
  isWhole: boolean,
): Promise<DeleteImageAnswer> {
  if (!isWhole) return client.delete(deleteImageAnswer, '/image', { image });
  const { name, digest } = await client.get(imageAnswer, '/image', { image });
  return client.delete(deleteImageAnswer, '/image', { image: `${name}@${digest}` });
}

const LATER =
  'Blobs that nothing else needs go later: hosted ones after a day, mirrored ones when room is needed.\n';

function report(answers: readonly DeleteImageAnswer[]): string {
  const deleted = answers.flatMap((answer) => answer.deleted);
  const lines = deleted.map((name) => `deleted ${name}\n`).join('');
  return deleted.some((name) => name.includes('@')) ? lines + LATER : lines;
}
