/** Images as `docker save` wrote them before 1.10 (2016): a folder for each layer, and no config. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as z from 'zod';
import { Allowance } from './allowance.ts';
import { type Archive, parseJsonAs } from './archive.ts';
import { ArchiveError, quoted } from './archive-error.ts';
import { compressionOf } from './compression.ts';
import { readWhole } from './content.ts';
import { entryName } from './entry-names.ts';
import type { ArchivedImage } from './image.ts';
import { hash, imageManifest, type Layer, layerType } from './image-manifest.ts';
import { parseShape } from './index-json.ts';
import { MAX_JSON_BYTES, MAX_LAYERS } from './limits.ts';

export const REPOSITORIES = 'repositories';

const repositoriesSchema = z.record(z.string(), z.record(z.string(), z.string()));

const v1Schema = z.looseObject({
  parent: z.string().optional(),
  created: z.string().optional(),
  author: z.string().optional(),
  comment: z.string().optional(),
  container_config: z.looseObject({ Cmd: z.array(z.string()).nullish() }).optional(),
});
type V1Image = z.infer<typeof v1Schema>;

/** Fields of the old format that a config does not have (Docker, image/v1: MakeConfigFromV1Config). */
const OLD_FIELDS = new Set(['id', 'parent', 'parent_id', 'layer_id', 'throwaway', 'Size']);

/** @throws ArchiveError where something of it is missing, or too much is made of it */
export async function readLegacySave(archive: Archive): Promise<readonly ArchivedImage[]> {
  const names = new Map<string, string[]>();
  const repositories = parseShape(
    repositoriesSchema,
    await archive.readJson(REPOSITORIES),
    REPOSITORIES,
  );
  for (const [repository, tags] of Object.entries(repositories)) {
    for (const [tag, id] of Object.entries(tags)) {
      const own = names.get(id) ?? [];
      own.push(`${repository}:${tag}`);
      names.set(id, own);
    }
  }
  const images: ArchivedImage[] = [];
  const allowance = new Allowance();
  for (const [id, own] of names) {
    // Much computing, and nothing to wait for where all is in memory: others have their turn.
    await nextTurn();
    const root = await readImage(archive, id, allowance);
    images.push({ names: own, root, missing: [], referrers: [] });
  }
  return images;
}

async function readImage(archive: Archive, top: string, allowance: Allowance) {
  const chain = await readChain(archive, top, allowance);
  const layers: Layer[] = [];
  for (const { id } of chain) layers.push(await readLayer(archive, id));
  const config = configOf(
    chain.map(({ image }) => image),
    layers,
  );
  return imageManifest(Buffer.from(JSON.stringify(config)), layers);
}

/** From the lowest layer up. */
async function readChain(
  archive: Archive,
  top: string,
  allowance: Allowance,
): Promise<readonly { readonly id: string; readonly image: V1Image }[]> {
  const chain: { id: string; image: V1Image }[] = [];
  for (let id: string | undefined = top; id !== undefined && id !== '';) {
    if (chain.length === MAX_LAYERS) {
      throw new ArchiveError(`the image ${quoted(top)} has more than ${MAX_LAYERS} layers`);
    }
    const name = entryName(`${id}/json`);
    const bytes = await readWhole(archive.require(name), MAX_JSON_BYTES, quoted(name));
    allowance.take({ layers: 1, jsonBytes: bytes.byteLength });
    const image: V1Image = parseJsonAs(v1Schema, bytes, name);
    chain.unshift({ id, image });
    id = image.parent;
  }
  return chain;
}

async function readLayer(archive: Archive, id: string): Promise<Layer> {
  const content = archive.require(entryName(`${id}/layer.tar`));
  if (compressionOf(await content.head()) !== 'none') {
    throw new ArchiveError(
      `the layer ${quoted(id)} is compressed, which this format does not know`,
    );
  }
  const digest = content.digest ?? (await hash(content));
  return { digest, size: content.size, content, mediaType: layerType('none') };
}

/** The config that Docker makes of such an image when it loads it, its fields in the order of their names. */
function configOf(images: readonly V1Image[], layers: readonly Layer[]): Record<string, unknown> {
  const own = Object.entries(images.at(-1) ?? {}).filter(([field]) => !OLD_FIELDS.has(field));
  const made = {
    history: images.map((image) => ({
      ...(image.created !== undefined && { created: image.created }),
      ...(image.author !== undefined && { author: image.author }),
      created_by: (image.container_config?.Cmd ?? []).join(' '),
      ...(image.comment !== undefined && { comment: image.comment }),
    })),
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  };
  const fields = [...own, ...Object.entries(made)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields);
}
