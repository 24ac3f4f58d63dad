/** Images as `docker save` has written them since 1.10, skopeo's and podman's docker-archive, kaniko, bazel and others. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as z from 'zod';
import { digestHex, digestOf } from '../oci/digest.ts';
import { Allowance } from './allowance.ts';
import { type Archive, parseJsonAs } from './archive.ts';
import { ArchiveError, quoted } from './archive-error.ts';
import { readWhole } from './content.ts';
import { entryName } from './entry-names.ts';
import type { ArchivedImage } from './image.ts';
import { describeLayer, imageManifest, type Layer } from './image-manifest.ts';
import { digestText, parseShape } from './index-json.ts';
import { MAX_JSON_BYTES, MAX_LAYERS, MAX_MANIFESTS } from './limits.ts';

export const MANIFEST_JSON = 'manifest.json';

const savedImage = z.looseObject({
  Config: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  Layers: z.array(z.string()).max(MAX_LAYERS).nullish(),
});
const savedImages = z.array(savedImage).max(MAX_MANIFESTS);

export const configSchema = z.looseObject({
  rootfs: z.looseObject({ diff_ids: z.array(digestText).nullish() }),
});

/** @throws ArchiveError where something of it is missing, or not what its digest says, or too much is made of it */
export async function readDockerSave(archive: Archive): Promise<readonly ArchivedImage[]> {
  const images: ArchivedImage[] = [];
  const allowance = new Allowance();
  for (const saved of await readManifestJson(archive)) {
    // Much computing, and nothing to wait for where all is in memory: others have their turn.
    await nextTurn();
    images.push({
      names: saved.RepoTags ?? [],
      root: await readImage(archive, saved, allowance),
      missing: [],
      referrers: [],
    });
  }
  return images;
}

/** The names that `manifest.json` gives, before anything else of the archive is known. */
export async function namesInSave(archive: Archive): Promise<readonly string[]> {
  return (await readManifestJson(archive)).flatMap((saved) => saved.RepoTags ?? []);
}

async function readManifestJson(archive: Archive): Promise<z.infer<typeof savedImages>> {
  return parseShape(savedImages, await archive.readJson(MANIFEST_JSON), MANIFEST_JSON);
}

async function readImage(
  archive: Archive,
  saved: z.infer<typeof savedImage>,
  allowance: Allowance,
) {
  const name = entryName(saved.Config);
  const config = await readWhole(archive.require(name), MAX_JSON_BYTES, quoted(name));
  allowance.take({ layers: saved.Layers?.length ?? 0, jsonBytes: config.byteLength });
  requireConfigDigest(name, config);
  const { rootfs } = parseJsonAs(configSchema, config, name);
  const diffIds = rootfs.diff_ids ?? [];
  const paths = saved.Layers ?? [];
  if (paths.length !== diffIds.length) {
    throw new ArchiveError(
      `${quoted(name)} is of ${diffIds.length} layers, and the archive lists ${paths.length}`,
    );
  }
  const layers: Layer[] = [];
  for (const [index, diffId] of diffIds.entries()) {
    layers.push(await describeLayer(archive.require(entryName(paths[index] ?? '')), diffId));
  }
  return imageManifest(config, layers);
}

/** Docker and skopeo name a config by its digest; others name it as they like. */
function requireConfigDigest(name: string, config: Uint8Array): void {
  const [, hex] = /(?:^|\/)([a-f0-9]{64})(?:\.json)?$/.exec(name) ?? [];
  const actual = digestOf(config);
  if (hex === undefined || hex === digestHex(actual)) return;
  throw new ArchiveError(`the content of ${quoted(name)} has the digest ${actual}`);
}
