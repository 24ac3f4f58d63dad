import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LayerCompression } from '../archive/compress-layers.ts';
import { parseWantedName, type WantedName, withoutHost } from '../archive/image-names.ts';
import type { Imported } from './archives/imported.ts';
import { pushArchive } from './archives/push-archive.ts';
import { openRegistry, type RegistryOptions, withRegistry } from './archives/registry-options.ts';
import { uploadArchive } from './archives/upload-archive.ts';
import { shortDigest, withReferrers } from './image-words.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { printable } from './printable.ts';
import { connect } from './server-options.ts';
import type { Terminal } from './terminal.ts';

interface Options extends RegistryOptions, JsonOption {
  readonly to?: WantedName;
  readonly compress?: LayerCompression;
  readonly fullNames?: true;
}

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
  withRegistry(withJson(command)).action((path: string, options: Options) => {
    if (options.fullNames && options.registry === undefined && options.compress !== undefined) {
      command.error(
        'error: --full-names sends archives to this server as they are, without --compress',
      );
    }
    return runImport(path, options, terminal);
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

async function runImport(path: string, options: Options, terminal: Terminal): Promise<void> {
  const { fullNames = false, registry, to, compress } = options;
  const pushed =
    fullNames && registry === undefined
      ? await uploadArchive(path, await connect(options, terminal), terminal)
      : await pushArchive(
          path,
          { to, compress, names: fullNames ? 'full' : 'short' },
          await openRegistry(options, terminal),
          terminal,
        );
  print(pushed, options, terminal, report);
  const dropped = pushed.images.flatMap(({ names }) => names).filter(namesRegistry);
  if (fullNames || to !== undefined || dropped.length === 0) return;
  terminal.err(
    'images are called without the registry that they came from; --full-names keeps it\n',
  );
}

/** Docker Hub is what names without a registry mean anyway. */
function namesRegistry(name: string): boolean {
  return withoutHost(name) !== name && !name.startsWith('docker.io/');
}

function report({ registry, images, blobs }: Imported): string {
  const lines = images.map(({ names, pushed, digest, missing, referrers }) => {
    const from = names.length === 0 ? 'the image' : names.join(' ');
    const lacks = missing.length === 0 ? '' : `, without ${missing.join(', ')}, not in the archive`;
    const what = `${shortDigest(digest)}${withReferrers(referrers)}${lacks}`;
    return printable(`${from} → ${pushed.join(' ')}  ${what}`);
  });
  const there = blobs.held + blobs.mounted;
  return `${lines.join('\n')}\nin ${registry}: ${blobs.sent} blobs sent, ${there} there already\n`;
}
