import type { Command } from 'commander';
import { imageAnswer } from '../api/image.ts';
import { systemClock } from '../clock.ts';
import { describeImage } from './describe-image.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import type { Terminal } from './terminal.ts';

export function addInspect(program: Command, terminal: Terminal): void {
  const command = program
    .command('inspect')
    .summary('show all that is known of an image')
    .description(
      'Shows an image as it is held: digest, age, platforms, layers and which of them are here, ' +
        'who pins it and what refers to it. Upstream is not asked.',
    )
    .argument('<image>', 'NAME[:TAG] or NAME@DIGEST, as in a pull')
    .addHelpText('after', EXAMPLES);
  withServer(withJson(command)).action(
    async (image: string, options: JsonOption & ServerOptions) => {
      const client = await connect(options, terminal);
      const answer = await client.get(imageAnswer, '/image', { image });
      print(answer, options, terminal, (found) =>
        describeImage(found, systemClock.now(), terminal),
      );
    },
  );
}

const EXAMPLES = `
Examples:
  holdfast inspect alpine:3
  holdfast inspect ghcr.io/org/app@sha256:4bc4… --json | jq '.platforms[].layers[].size'
`;
