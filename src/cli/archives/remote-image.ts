import { parseJsonAs } from '../../archive/archive.ts';
import { ArchiveError } from '../../archive/archive-error.ts';
import type { ImageBlob, ImageManifest } from '../../archive/image.ts';
import {
  type IndexEntry,
  indexSchema,
  type Platform,
  platformText,
  reducedIndex,
} from '../../archive/index-json.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { isIndexMediaType } from '../../oci/media-types.ts';
import { verifiedBytes } from '../../archive/verified-content.ts';
import type { RegistryClient, RemoteManifest } from '../../registry-client/registry-client.ts';
import { RegistryError } from '../../registry-client/registry-error.ts';

/** An image of a registry, its blobs still there. */
export interface RemoteImage {
  readonly root: ImageManifest;
  /** Platforms that its index names and that cannot be had. */
  readonly missing: readonly string[];
}

/**
 * Finds an image and all that it needs. Of an index everything that can be had, or only what `platforms` names; what is
 * left of it is an index of its own, or the one image that is left.
 *
 * @throws RegistryError where it is not there, or nothing of it can be had
 * @throws ArchiveError where its index is none
 */
export async function remoteImage(
  client: RegistryClient,
  repository: string,
  reference: string,
  platforms: readonly Platform[],
): Promise<RemoteImage> {
  const found = await client.manifest(repository, reference);
  if (found === undefined) {
    throw new RegistryError(`${client.host}: there is no ${repository}:${reference}`);
  }
  if (!isIndexMediaType(found.mediaType)) {
    return { root: imageOf(client, repository, found), missing: [] };
  }
  return await indexOf(client, repository, found, platforms);
}

async function indexOf(
  client: RegistryClient,
  repository: string,
  index: RemoteManifest,
  platforms: readonly Platform[],
): Promise<RemoteImage> {
  const { manifests } = parseJsonAs(indexSchema, index.bytes, index.digest);
  const wanted = manifests.filter((entry) => isWanted(entry, platforms));
  const children: ImageManifest[] = [];
  const missing: string[] = [];
  for (const entry of wanted) {
    const child = await obtainable(client, repository, entry.digest);
    if (child) children.push(child);
    else missing.push(entry.platform ? platformText(entry.platform) : entry.digest);
  }
  const [only, ...others] = children;
  if (only === undefined) throw nothingLeft(client, repository, manifests, wanted);
  const whole = { ...index, blobs: [], children };
  if (children.length === manifests.length) return { root: whole, missing };
  if (others.length === 0) return { root: only, missing };
  const bytes = reducedIndex(index.bytes, new Set(children.map(({ digest }) => digest)));
  return { root: { ...whole, bytes, digest: digestOf(bytes) }, missing };
}

/** Undefined where it, or something that it needs, cannot be had: a mirror whose upstream is gone has what was pulled. */
export async function obtainable(
  client: RegistryClient,
  repository: string,
  digest: Digest,
): Promise<ImageManifest | undefined> {
  try {
    const found = await client.manifest(repository, digest);
    if (found === undefined) return undefined;
    if (isIndexMediaType(found.mediaType)) {
      return (await indexOf(client, repository, found, [])).root;
    }
    const image = imageOf(client, repository, found);
    for (const blob of image.blobs) {
      if (!(await client.hasBlob(repository, blob.digest))) return undefined;
    }
    return image;
  } catch (error) {
    const isBroken = error instanceof ArchiveError;
    if (isBroken || (error instanceof RegistryError && error.status !== 401)) return undefined;
    throw error;
  }
}

function imageOf(client: RegistryClient, repository: string, found: RemoteManifest): ImageManifest {
  const { digest, mediaType, bytes } = found;
  const parsed = parseManifest(bytes, mediaType);
  if (!parsed.ok) throw new RegistryError(`${client.host}: ${repository}: ${parsed.problem}`);
  const blobs = parsed.manifest.descriptors.map((descriptor): ImageBlob => {
    const open = (): AsyncIterable<Uint8Array> =>
      client.blob(repository, descriptor.digest, descriptor.size);
    const content = { size: descriptor.size, open };
    return {
      ...descriptor,
      content: { ...content, open: () => verifiedBytes({ ...descriptor, content }) },
    };
  });
  return { digest, mediaType, bytes, blobs, children: [] };
}

/** `linux/arm64` is any variant of it. */
function isWanted({ platform }: IndexEntry, platforms: readonly Platform[]): boolean {
  if (platforms.length === 0) return true;
  return platforms.some(
    ({ os, architecture, variant }) =>
      platform?.os === os &&
      platform.architecture === architecture &&
      (variant === undefined || platform.variant === variant),
  );
}

function nothingLeft(
  client: RegistryClient,
  repository: string,
  all: readonly IndexEntry[],
  wanted: readonly IndexEntry[],
): RegistryError {
  if (wanted.length > 0) {
    return new RegistryError(`${client.host}: no platform of ${repository} can be had`);
  }
  const known = all.flatMap(({ platform }) => (platform ? [platformText(platform)] : []));
  return new RegistryError(
    `${client.host}: ${repository} has no such platform; it has ${[...new Set(known)].join(', ')}`,
  );
}
