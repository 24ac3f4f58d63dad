/** Layers in another compression: new digests, the same image. Configs, and so the diff_ids, stay as they are. */
import { createGzip } from 'node:zlib';
import { type Digest, digestOf, parseDigest } from '../oci/digest.ts';
import { isIndexMediaType, MediaType } from '../oci/media-types.ts';
import { parseJson, parseJsonAs } from './archive.ts';
import { ArchiveError } from './archive-error.ts';
import { compressionOf } from './compression.ts';
import { readWhole } from './content.ts';
import { decompressed } from './decompress.ts';
import { configSchema } from './docker-save.ts';
import { gathered } from './gathered.ts';
import { HashedBytes } from './hashed-bytes.ts';
import type { ImageBlob, ImageManifest } from './image.ts';
import { CONFIG_TYPE, IMAGE_CONFIGS, type Layer, LAYER_TYPE, layerType } from './image-manifest.ts';
import { indexSchema, parseShape, withFields } from './index-json.ts';
import { MAX_JSON_BYTES } from './limits.ts';
import { piped } from './piped.ts';
import type { Spool } from './spool.ts';
import { zstdCompressed } from './zstd-compress.ts';
import { imageSchema } from './image-json.ts';

export type LayerCompression = 'gzip' | 'zstd';

/** Both formats' types of a layer that is a tar, whatever its compression. */
const TAR_LAYER =
  /^application\/vnd\.(?:oci\.image\.layer\.v1\.tar|docker\.image\.rootfs\.diff\.tar)(?:[.+](?:gzip|zstd))?$/;

/** zlib's own default; the levels above cost twice the time for a hundredth of the size. */
const GZIP_LEVEL = 6;
/** What the compressor is given at a time. */
const BLOCK_BYTES = 1024 * 1024;

export class CompressLayers {
  readonly #to: LayerCompression;
  readonly #spool: Spool;
  readonly #done = new Map<Digest, Layer>();

  /** @param spool - where the new layers are kept: a registry wants their digests before their bytes */
  constructor(to: LayerCompression, spool: Spool) {
    this.#to = to;
    this.#spool = spool;
  }

  /** The same image, or images of an index, in OCI's types. What is no image, such as an attestation, stays as it is. */
  async of(manifest: ImageManifest): Promise<ImageManifest> {
    return isIndexMediaType(manifest.mediaType)
      ? await this.#index(manifest)
      : await this.#image(manifest);
  }

  async #index(index: ImageManifest): Promise<ImageManifest> {
    const made = new Map<Digest, ImageManifest>();
    for (const child of index.children) made.set(child.digest, await this.of(child));
    const body = parseJson(index.bytes, index.digest);
    const { manifests: entries } = parseShape(indexSchema, body, index.digest);
    const renamed = (digest: Digest): Digest => made.get(digest)?.digest ?? digest;
    const manifests = entries.map((entry) => {
      const child = made.get(entry.digest);
      const told = child && {
        mediaType: child.mediaType,
        digest: child.digest,
        size: child.bytes.byteLength,
      };
      return { ...entry, ...told, ...(entry.annotations && mapped(entry.annotations, renamed)) };
    });
    const mediaType = MediaType.ociIndex;
    const bytes = withFields(body, { mediaType, manifests });
    return { ...index, mediaType, bytes, digest: digestOf(bytes), children: [...made.values()] };
  }

  async #image(image: ImageManifest): Promise<ImageManifest> {
    const body = parseJson(image.bytes, image.digest);
    const told = parseShape(imageSchema, body, image.digest);
    if (told.config === undefined || !IMAGE_CONFIGS.has(told.config.mediaType)) return image;
    const blobs = new Map(image.blobs.map((blob) => [blob.digest, blob]));
    const config = blobs.get(told.config.digest);
    if (config === undefined) return image;
    const diffIds = await diffIdsOf(config);
    const layers: Layer[] = [];
    const described: object[] = [];
    for (const [at, entry] of told.layers.entries()) {
      const blob = blobs.get(entry.digest);
      const diffId = diffIds[at];
      if (blob === undefined || diffId === undefined || !TAR_LAYER.test(entry.mediaType)) {
        // Foreign layers, for one: their bytes are not here.
        if (blob) layers.push({ ...blob, mediaType: entry.mediaType });
        described.push(entry);
        continue;
      }
      const layer = await this.#layer(blob, diffId);
      layers.push(layer);
      // Not with the annotations: some describe the inside of the old bytes (stargz, zstd:chunked).
      described.push({ mediaType: layer.mediaType, digest: layer.digest, size: layer.size });
    }
    const mediaType = MediaType.ociManifest;
    const bytes = withFields(body, {
      mediaType,
      config: { ...told.config, mediaType: CONFIG_TYPE },
      layers: described,
    });
    return { digest: digestOf(bytes), mediaType, bytes, blobs: [config, ...layers], children: [] };
  }

  async #layer(blob: ImageBlob, diffId: Digest): Promise<Layer> {
    const known = this.#done.get(blob.digest);
    if (known) return known;
    const layer = await this.#compress(blob, diffId);
    this.#done.set(blob.digest, layer);
    return layer;
  }

  async #compress(blob: ImageBlob, diffId: Digest): Promise<Layer> {
    const compression = compressionOf(await firstBytes(blob));
    if (compression === this.#to) return { ...blob, mediaType: layerType(compression) };
    const tar = new HashedBytes(decompressed(blob.content.open(), compression));
    const made = new HashedBytes(this.#to === 'gzip' ? gzipped(tar) : zstdCompressed(tar));
    const content = await this.#spool.keep(made);
    if (tar.digest !== diffId) {
      throw new ArchiveError(
        `the layer ${blob.digest} has the diff_id ${tar.digest}, not ${diffId}`,
      );
    }
    const mediaType = `${LAYER_TYPE}+${this.#to}`;
    return { digest: made.digest, size: made.size, content, mediaType };
  }
}

async function diffIdsOf(config: ImageBlob): Promise<readonly Digest[]> {
  const bytes = await readWhole(config.content, MAX_JSON_BYTES, `config ${config.digest}`);
  return parseJsonAs(configSchema, bytes, config.digest).rootfs.diff_ids ?? [];
}

async function firstBytes({ content }: ImageBlob): Promise<Uint8Array> {
  for await (const chunk of content.open()) return chunk;
  return Buffer.alloc(0);
}

function mapped(annotations: Record<string, string>, renamed: (digest: Digest) => Digest) {
  // BuildKit ties an attestation to its image so.
  const reference = parseDigest(annotations[ATTESTED] ?? '');
  if (reference === undefined) return { annotations };
  return { annotations: { ...annotations, [ATTESTED]: renamed(reference) } };
}

const ATTESTED = 'vnd.docker.reference.digest';

/** In blocks, so that the result depends on nothing but the bytes. */
function gzipped(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return piped(gathered(bytes, BLOCK_BYTES), createGzip({ level: GZIP_LEVEL }));
}
