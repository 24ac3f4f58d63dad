import { type Command, InvalidArgumentError } from 'commander';
import { exportMembers, type ExportedImage } from '../archive/export-members.ts';
import { platformText, type Platform } from '../archive/index-json.ts';
import { type TarMember, writeTar } from '../archive/write-tar.ts';
import type { RegistryClient } from '../registry-client/registry-client.ts';
import { type ImageReference, parseImageReference } from './archives/image-reference.ts';
import { writeOutput } from './archives/output.ts';
import { openRegistry, type RegistryOptions, withRegistry } from './archives/registry-options.ts';
import { remoteImage } from './archives/remote-image.ts';
import { type RemoteReferrers, remoteReferrers } from './archives/remote-referrers.ts';
import { shortDigest, withReferrers } from './image-words.ts';
import { printable } from './printable.ts';
import { Progress } from './progress.ts';
import { StopSignals } from './stop-signals.ts';
import type { Terminal } from './terminal.ts';

interface Options extends RegistryOptions {
  readonly output: string;
  readonly platform: readonly Platform[];
  readonly referrers: boolean;
}

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
  withRegistry(command).action((images: string[], options: Options) =>
    runExport(images, options, terminal),
  );
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

async function runExport(
  texts: readonly string[],
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const { output } = options;
  if (output === '-' && terminal.columns !== undefined) {
    throw new Error('stdout is a terminal; state a file, or pipe it into something');
  }
  const client = await openRegistry(options, terminal);
  const signals = new StopSignals();
  const stop = new AbortController();
  void signals.first.then((signal) => stop.abort(new Error(`stopped by ${signal}`)));
  try {
    const images = await find(texts, options, client, terminal);
    await write(images, output, terminal, stop.signal);
  } catch (error) {
    // A pipeline tells of the abortion alone.
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    signals.close();
    client.close();
  }
}

async function find(
  texts: readonly string[],
  { platform, referrers: wantsReferrers }: Options,
  client: RegistryClient,
  terminal: Terminal,
): Promise<readonly ExportedImage[]> {
  const images = new Map<string, ExportedImage>();
  for (const text of texts) {
    const image = parseImageReference(text, client.host);
    if (image === undefined) throw new Error(`${printable(text)} is no name of an image`);
    const { root, missing } = await remoteImage(
      client,
      image.repository,
      image.reference,
      platform,
    );
    if (missing.length > 0) {
      terminal.err(
        printable(`${text}: ${missing.join(', ')} cannot be had and is left out`) + '\n',
      );
    }
    const names = [...(images.get(root.digest)?.names ?? []), ...nameOf(image)];
    const { referrers, problems } = wantsReferrers
      ? await remoteReferrers(client, image.repository, root)
      : NO_REFERRERS;
    for (const problem of problems) {
      terminal.err(printable(`${text}: not all that refers to it may be there: ${problem}`) + '\n');
    }
    images.set(root.digest, { root, names, referrers });
    const what = `${shortDigest(root.digest)}${platformsOf(platform)}${withReferrers(referrers.length)}`;
    terminal.err(`${printable(text)}: ${what}\n`);
  }
  return [...images.values()];
}

const NO_REFERRERS: RemoteReferrers = { referrers: [], problems: [] };

function nameOf({ name }: ImageReference): ExportedImage['names'] {
  return name === undefined ? [] : [name];
}

function platformsOf(platforms: readonly Platform[]): string {
  return platforms.length === 0 ? '' : ` (${platforms.map(platformText).join(', ')})`;
}

async function write(
  images: readonly ExportedImage[],
  output: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const members = exportMembers(images);
  const progress = new Progress(terminal, { unit: 'bytes' });
  const line = progress.add(`writing ${output === '-' ? 'stdout' : output}`, sizeOf(members));
  let written = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of writeTar(members)) {
      yield chunk;
      written += chunk.byteLength;
      line.update(written);
    }
  };
  try {
    await writeOutput(output, counted(), signal);
    line.end('done');
  } finally {
    progress.close();
  }
}

function sizeOf(members: readonly TarMember[]): number {
  return members.reduce((sum, one) => sum + (one.type === 'file' ? one.content.size : 0), 0);
}
