import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Archive } from '../archive/archive.ts';
import { CompressLayers, type LayerCompression } from '../archive/compress-layers.ts';
import {
  parseWantedName,
  type PlacedImage,
  placeImages,
  type WantedName,
} from '../archive/image-names.ts';
import { openArchive } from '../archive/open-archive.ts';
import { pushImages } from '../archive/push-images.ts';
import { readImages, SoleRepository } from '../archive/read-images.ts';
import { type DepotFor, readTarStream } from '../archive/read-tar-stream.ts';
import { Spool } from '../archive/spool.ts';
import type { RegistryClient } from '../registry-client/registry-client.ts';
import { DirectDepot } from './archives/direct-depot.ts';
import { openRegistry, type RegistryOptions, withRegistry } from './archives/registry-options.ts';
import { RegistrySink } from './archives/registry-sink.ts';
import { shortDigest, withReferrers } from './image-words.ts';
import { type JsonOption, print, withJson } from './print.ts';
import { printable } from './printable.ts';
import { Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';

interface Options extends RegistryOptions, JsonOption {
  readonly to?: WantedName;
  readonly compress?: LayerCompression;
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
        '--compress <kind>',
        'compress layers anew, which gives them new digests, and leaves out what refers to the old ones',
      ).choices(['gzip', 'zstd']),
    )
    .addHelpText('after', EXAMPLES);
  withRegistry(withJson(command)).action((path: string, options: Options) =>
    runImport(path, options, terminal),
  );
}

const EXAMPLES = `
Examples:
  docker save team/app:1 | holdfast import -
  holdfast import app.tar.zst --to team/app:1.1
  holdfast import legacy.tar --compress zstd --registry ghcr.io --user me
`;

function readName(text: string): WantedName {
  const name = parseWantedName(text);
  if (name !== undefined) return name;
  throw new InvalidArgumentError('Expected NAME[:TAG], such as team/app:1.');
}

/** What is printed when all is done. */
interface Imported {
  readonly registry: string;
  readonly images: readonly {
    readonly names: readonly string[];
    /** `NAME:TAG` */
    readonly pushed: readonly string[];
    readonly digest: string;
    /** Platforms or digests that the archive lacks, so that the index is without them. */
    readonly missing: readonly string[];
    /** Signatures and the like that came with it. */
    readonly referrers: number;
  }[];
  readonly blobs: { readonly sent: number; readonly held: number; readonly mounted: number };
}

async function runImport(path: string, options: Options, terminal: Terminal): Promise<void> {
  const client = await openRegistry(options, terminal);
  const spool = new Spool();
  const progress = new Progress(terminal, { unit: 'bytes' });
  let imported: Imported;
  try {
    imported = await importArchive(path, options, { terminal, client, spool, progress });
  } finally {
    progress.close();
    client.close();
    await spool.close();
  }
  print(imported, options, terminal, report);
}

interface Means {
  readonly terminal: Terminal;
  readonly client: RegistryClient;
  readonly spool: Spool;
  readonly progress: Progress;
}

async function importArchive(path: string, options: Options, means: Means): Promise<Imported> {
  const { client, progress, spool } = means;
  const sink = new RegistrySink(client, progress);
  const opened = await open(path, depotFor(options, sink, means), means.terminal);
  try {
    const placed = placeImages(await readImages(opened.archive), options.to);
    const compressed = await compressAll(placed, options.compress, spool);
    await pushImages(compressed, sink);
    return {
      registry: client.host,
      images: compressed.map(({ image, destinations }) => ({
        names: image.names,
        pushed: destinations.map(({ repository, tag }) => `${repository}:${tag}`),
        digest: image.root.digest,
        missing: image.missing,
        referrers: image.referrers.length,
      })),
      blobs: sink.outcomes,
    };
  } finally {
    await opened.close();
  }
}

/** Large entries of a stream go straight to where they belong if that is known, and it is them that are wanted there. */
function depotFor({ to, compress }: Options, sink: RegistrySink, means: Means): DepotFor {
  const { client, progress, spool } = means;
  const sole = new SoleRepository();
  return async (archive) => {
    if (compress !== undefined) return spool;
    const repository = to?.repository ?? (await sole.of(archive));
    return repository === undefined
      ? spool
      : new DirectDepot({ repository, client, sink, progress });
  };
}

async function open(
  path: string,
  keep: DepotFor,
  { input }: Terminal,
): Promise<{ readonly archive: Archive; close(): Promise<void> }> {
  if (path !== '-') return await openArchive(path, keep);
  if (input.isTTY === true) throw new Error('stdin is a terminal; pipe an archive into it');
  return { archive: await readTarStream(binary(input), keep), close: () => Promise.resolve() };
}

async function* binary(input: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

async function compressAll(
  placed: readonly PlacedImage[],
  to: LayerCompression | undefined,
  spool: Spool,
): Promise<readonly PlacedImage[]> {
  if (to === undefined) return placed;
  const layers = new CompressLayers(to, spool);
  const compressed: PlacedImage[] = [];
  for (const { image, destinations } of placed) {
    const root = await layers.of(image.root);
    // They speak of digests that are no more.
    compressed.push({ image: { ...image, root, referrers: [] }, destinations });
  }
  return compressed;
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
