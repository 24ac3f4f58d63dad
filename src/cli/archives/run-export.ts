import { exportMembers, type ExportedImage } from '../../archive/export-members.ts';
import { platformText, type Platform } from '../../archive/index-json.ts';
import { type TarMember, writeTar } from '../../archive/write-tar.ts';
import type { RegistryClient } from '../../registry-client/registry-client.ts';
import { shortDigest, withReferrers } from '../image-words.ts';
import { printable } from '../printable.ts';
import { Progress } from '../progress.ts';
import { StopSignals } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';
import { type ImageReference, parseImageReference } from './image-reference.ts';
import { writeOutput } from './output.ts';
import { openRegistry, type RegistryOptions } from './registry-options.ts';
import { remoteImage } from './remote-image.ts';
import { type RemoteReferrers, remoteReferrers } from './remote-referrers.ts';

export interface ExportOptions extends RegistryOptions {
  readonly output: string;
  readonly platform: readonly Platform[];
  readonly referrers: boolean;
}

/** `holdfast export`. */
export async function runExport(
  texts: readonly string[],
  options: ExportOptions,
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
  { platform, referrers: wantsReferrers }: ExportOptions,
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
