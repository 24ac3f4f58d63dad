import { type Command, InvalidArgumentError } from 'commander';
import type { Platform } from '../archive/index-json.ts';
import { withRegistry } from './archives/registry-options.ts';
import type { ExportOptions } from './archives/run-export.ts';
import type { Terminal } from './terminal.ts';

export function addExport(program: Command, terminal: Terminal): void {
  const command = program
    .command('export')
    .summary('write images into an archive')
    .description(
      'Writes images of this server, hosted or mirrored, or of any other registry, into one tar that docker load, podman ' +
        'load, skopeo and holdfast import take: manifests and layers byte for byte, all platforms that can be had, and ' +
        'what refers to them, such as signatures and SBOMs, for holdfast import. The same images give the same bytes.',
    )
    .argument('<image...>', 'NAME[:TAG|@DIGEST]')
    .requiredOption('-o, --output <file>', 'where to write it; - for stdout')
    .option('-p, --platform <os/arch[/variant]>', 'only this platform; may be repeated', add, [])
    .option(
      '--no-referrers',
      'leave out signatures, attestations and SBOMs that refer to the images',
    )
    .addHelpText('after', EXAMPLES);
  withRegistry(command).action(async (images: string[], options: ExportOptions) => {
    // Here and not above, because a server starts without all that writes archives.
    const { runExport } = await import('./archives/run-export.ts');
    await runExport(images, options, terminal);
  });
}

const EXAMPLES = `
Examples:
  holdfast export alpine:3 ghcr.io/org/app:2 -o images.tar
  holdfast export team/app:1 -o - | ssh edge docker load
  holdfast export nginx --platform linux/arm64 -o - | holdfast import - --server http://edge:5000

Of an image of several platforms, docker load takes the one of --platform, else linux/amd64, unless the daemon keeps images
with containerd and takes all.
`;

function add(text: string, platforms: readonly Platform[]): readonly Platform[] {
  const [, os, architecture, variant] = /^([^/]+)\/([^/]+)(?:\/([^/]+))?$/.exec(text) ?? [];
  if (os === undefined || architecture === undefined) {
    throw new InvalidArgumentError('Expected OS/ARCH[/VARIANT], such as linux/arm64.');
  }
  return [...platforms, { os, architecture, ...(variant !== undefined && { variant }) }];
}
