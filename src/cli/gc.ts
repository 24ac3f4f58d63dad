import type { Command } from 'commander';
import { type GcAnswer, gcAnswer } from '../api/upkeep.ts';
import { fields } from './fields.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { readableSize } from './quantities.ts';
import { connect, type ServerOptions, withServer } from './server-options.ts';
import type { Terminal } from './terminal.ts';

export function addGc(program: Command, terminal: Terminal): void {
  const command = program
    .command('gc')
    .summary('remove now what nothing refers to')
    .description(
      'Removes now what the server would remove in its own time: hosted blobs that no image names any more, ' +
        'abandoned uploads, leftovers, and what is over the limits. The server goes on serving.',
    )
    .addHelpText('after', EXAMPLES);
  withServer(withJson(command)).action(async (options: JsonOption & ServerOptions) => {
    const client = await connect(options, terminal);
    print(await client.post(gcAnswer, '/gc', {}), options, terminal, report);
  });
}

const EXAMPLES = `
Examples:
  holdfast gc                                instead of waiting for the hour
  holdfast gc --json | jq .freedBytes

A blob that was pushed or used within a day stays: an image that names it may be on its way.
`;

function report({ collected, evicted, swept, orphans, freedBytes }: GcAnswer): string {
  return `freed ${readableSize(freedBytes)}\n${fields({
    collected: `${collected.blobs} blobs that nothing named (${readableSize(collected.bytes)})`,
    evicted: `${evicted.manifests} manifests, ${evicted.blobs} blobs over the limits (${readableSize(evicted.bytes)})`,
    swept: `${swept.uploads} abandoned uploads, ${swept.unfinished} unfinished fills, ${orphans} files without a record`,
  })}`;
}
