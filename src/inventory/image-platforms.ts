/** What images run on, as their index says, or their config where there is no index. */
import { LRUCache } from 'lru-cache';
import type { Digest } from '../oci/digest.ts';
import { type ImageConfig, readImageConfig } from '../oci/image-config.ts';
import { readImageParts } from '../oci/image-parts.ts';
import { readIndexEntries } from '../oci/index-entries.ts';
import { isIndexMediaType } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import type { Repository } from '../oci/repository.ts';
import type { ManifestBytes } from '../registry/manifest-bytes.ts';
import { BlobNotFoundError, type BlobStore, SizeMismatchError } from '../store/blob-store.ts';
import type { ManifestRecord, MetadataStore } from '../store/metadata-store.ts';

/** Bytes. Configs have some kilobytes; what is larger is none, or made to be read in vain. */
const MAX_CONFIG = 1024 * 1024;

/** Entries of an index that are told of. Those of real images have some dozens, and 4 MiB have room for tens of thousands. */
export const MAX_PLATFORMS = 200;

/** Configs whose facts are remembered; they never change. */
const MAX_KNOWN = 5_000;

export interface ImagePlatformsOptions {
  readonly metadata: MetadataStore;
  readonly blobs: BlobStore;
  readonly bytes: ManifestBytes;
}

export class ImagePlatforms {
  readonly #options: ImagePlatformsOptions;
  readonly #known = new LRUCache<Digest, ImageConfig>({ max: MAX_KNOWN });

  constructor(options: ImagePlatformsOptions) {
    this.#options = options;
  }

  /** Empty where nobody can tell. */
  async of(
    repository: Repository,
    { digest, mediaType }: ManifestRecord,
  ): Promise<readonly Platform[]> {
    const content = await this.#options.bytes.read(digest);
    if (!content) return [];
    if (isIndexMediaType(mediaType)) {
      const images = readIndexEntries(content).filter(({ attests }) => attests === undefined);
      return images.slice(0, MAX_PLATFORMS).flatMap(({ platform }) => platform ?? []);
    }
    const { config } = readImageParts(content);
    const { platform } = (config && (await this.config(repository, config.digest))) ?? {};
    return platform ? [platform] : [];
  }

  /** What the config says; undefined where it is not held in this repository, or is none of an image. */
  async config(repository: Repository, digest: Digest): Promise<ImageConfig | undefined> {
    const blob = await this.#options.metadata.findBlob(repository, digest);
    if (!blob || blob.size > MAX_CONFIG) return undefined;
    const known = this.#known.get(digest) ?? (await this.#read(digest));
    if (known) this.#known.set(digest, known);
    return known;
  }

  async #read(digest: Digest): Promise<ImageConfig | undefined> {
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of await this.#options.blobs.open(digest)) chunks.push(chunk.slice());
    } catch (error) {
      // Evicted since it was found, or damaged: both show when it is pulled.
      if (error instanceof BlobNotFoundError || error instanceof SizeMismatchError)
        return undefined;
      throw error;
    }
    return readImageConfig(Buffer.concat(chunks));
  }
}
