/** Builds the manifest of an image that never had one. */
import { type Digest, digestOf } from '../oci/digest.ts';
import { MediaType } from '../oci/media-types.ts';
import { ArchiveError } from './archive-error.ts';
import { type Compression, compressionOf } from './compression.ts';
import { type Content, type EntryContent, memoryContent } from './content.ts';
import { HashedBytes } from './hashed-bytes.ts';
import type { ImageBlob, ImageManifest } from './image.ts';

export const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
/** Both formats' configs of an image, which tell it from every other artifact. */
export const IMAGE_CONFIGS: ReadonlySet<string> = new Set([
  CONFIG_TYPE,
  'application/vnd.docker.container.image.v1+json',
]);
export const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';

/** A layer on its way into a manifest. */
export interface Layer extends ImageBlob {
  readonly mediaType: string;
}

/**
 * The manifest of a config and its layers. The same image has the same digest whichever tool saved it: these are, byte for
 * byte, the manifests that Docker 25 and later put into their archives.
 */
export function imageManifest(config: Uint8Array, layers: readonly Layer[]): ImageManifest {
  const configBlob = {
    digest: digestOf(config),
    size: config.byteLength,
    content: memoryContent(config),
  };
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MediaType.ociManifest,
      config: describe({ ...configBlob, mediaType: CONFIG_TYPE }),
      layers: layers.map(describe),
    }),
  );
  return {
    digest: digestOf(bytes),
    mediaType: MediaType.ociManifest,
    bytes,
    blobs: [configBlob, ...layers],
    children: [],
  };
}

/**
 * A saved layer. Of one that is not compressed the config already tells the digest, so it is not read for it here;
 * whoever sends it checks it.
 *
 * @param diffId - the digest of the layer's uncompressed tar, from the config
 */
export async function describeLayer(content: EntryContent, diffId: Digest): Promise<Layer> {
  const compression = compressionOf(await content.head());
  if (compression === 'unsupported') {
    throw new ArchiveError('a layer is compressed with bzip2 or xz; gzip and zstd can be read');
  }
  if (compression === 'none' && content.digest !== undefined && content.digest !== diffId) {
    throw new ArchiveError(`the layer ${diffId} has the digest ${content.digest}`);
  }
  const digest = compression === 'none' ? diffId : (content.digest ?? (await hash(content)));
  return { digest, size: content.size, content, mediaType: layerType(compression) };
}

export function layerType(compression: Compression): string {
  return compression === 'none' ? LAYER_TYPE : `${LAYER_TYPE}+${compression}`;
}

/** Reads the content for its digest. */
export async function hash(content: Content): Promise<Digest> {
  const bytes = new HashedBytes(content.open());
  for await (const chunk of bytes) void chunk;
  return bytes.digest;
}

function describe({ mediaType, digest, size }: Omit<Layer, 'content'>) {
  return { mediaType, digest, size };
}
