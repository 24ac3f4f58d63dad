import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseWantedName, type WantedName } from '../archive/image-names.ts';
import { withRegistry } from './archives/registry-options.ts';
import type { ImportOptions } from './archives/run-import.ts';
import { withJson } from './print.ts';
import type { Terminal } from './terminal.ts';

export function addImport(program: Command, terminal: Terminal): void {
  const command = program
    .command('import')
    .summary('push the images of an archive')
    .description(
      'Pushes the images of an archive to this server, or to any other registry: tars of docker save of every age, of ' +
        'skopeo and podman, OCI layouts as tar or folder, each also with gzip or zstd around it. Layers go as they are. ' +
        'Nothing is tagged before all of it is there.',
    )
    .argument('<archive>', 'file, folder of an OCI layout, or - for stdin')
    .option(
      '--to <name[:tag]>',
      'what to call the image (default: its own name, without a registry)',
      readName,
    )
    .addOption(
      new Option(
        '--full-names',
        'call images by their names in full, with their registries; where this server mirrors one, its images become ' +
          'held content of it, which takes an administrator',
      ).conflicts('to'),
    )
    .addOption(
      new Option(
        '--compress <kind>',
        'compress layers anew, which gives them new digests, and leaves out what refers to the old ones',
      ).choices(['gzip', 'zstd']),
    )
    .addHelpText('after', EXAMPLES);
  withRegistry(withJson(command)).action(async (path: string, options: ImportOptions) => {
    if (options.fullNames && options.registry === undefined && options.compress !== undefined) {
      command.error(
        'error: --full-names sends archives to this server as they are, without --compress',
      );
    }
    // Here and not above, because a server starts without all that reads archives.
    const { runImport } = await import('./archives/run-import.ts');
    await runImport(path, options, terminal);
  });
}

const EXAMPLES = `
Examples:
  docker save team/app:1 | holdfast import -
  holdfast import app.tar.zst --to team/app:1.1
  holdfast import images.tar --full-names     as if pulled: ghcr.io/org/app stays what it is
  holdfast import legacy.tar --compress zstd --registry ghcr.io --user me
`;

function readName(text: string): WantedName {
  const name = parseWantedName(text);
  if (name !== undefined) return name;
  throw new InvalidArgumentError('Expected NAME[:TAG], such as team/app:1.');
}
