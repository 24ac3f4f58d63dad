import type { Archive } from '../../archive/archive.ts';
import { CompressLayers, type LayerCompression } from '../../archive/compress-layers.ts';
import {
  type NameForm,
  type PlacedImage,
  placeImages,
  type WantedName,
} from '../../archive/image-names.ts';
import { openArchive } from '../../archive/open-archive.ts';
import { pushImages } from '../../archive/push-images.ts';
import { readImages, SoleRepository } from '../../archive/read-images.ts';
import { type DepotFor, readTarStream } from '../../archive/read-tar-stream.ts';
import { Spool } from '../../archive/spool.ts';
import type { RegistryClient } from '../../registry-client/registry-client.ts';
import { Progress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { archiveInput } from './archive-input.ts';
import { DirectDepot } from './direct-depot.ts';
import type { Imported } from './imported.ts';
import { RegistrySink } from './registry-sink.ts';

export interface PushArchiveOptions {
  readonly to?: WantedName | undefined;
  readonly compress?: LayerCompression | undefined;
  readonly names: NameForm;
}

/** Pushes the images of an archive to a registry by the registry's own protocol. Closes the client. */
export async function pushArchive(
  path: string,
  options: PushArchiveOptions,
  client: RegistryClient,
  terminal: Terminal,
): Promise<Imported> {
  const spool = new Spool();
  const progress = new Progress(terminal, { unit: 'bytes' });
  try {
    return await importArchive(path, options, { terminal, client, spool, progress });
  } finally {
    progress.close();
    client.close();
    await spool.close();
  }
}

interface Means {
  readonly terminal: Terminal;
  readonly client: RegistryClient;
  readonly spool: Spool;
  readonly progress: Progress;
}

async function importArchive(
  path: string,
  options: PushArchiveOptions,
  means: Means,
): Promise<Imported> {
  const { client, progress, spool } = means;
  const sink = new RegistrySink(client, progress);
  const opened = await open(path, depotFor(options, sink, means), means.terminal);
  try {
    const placed = placeImages(await readImages(opened.archive), options.to, options.names);
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
function depotFor(
  { to, compress, names }: PushArchiveOptions,
  sink: RegistrySink,
  means: Means,
): DepotFor {
  const { client, progress, spool } = means;
  const sole = new SoleRepository(names);
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
  const archive = await readTarStream(archiveInput(input), keep);
  return { archive, close: () => Promise.resolve() };
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
