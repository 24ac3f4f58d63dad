/** One held image in full: what it is made of, for each platform, and how much of that is here. */
import type { ImageAnswer, ImagePlatform } from '../api/image.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImagePart, readImageParts } from '../oci/image-parts.ts';
import { type IndexEntry, readIndexEntries } from '../oci/index-entries.ts';
import { isIndexMediaType } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import { displayName, type Repository } from '../oci/repository.ts';
import type { ManifestBytes } from '../registry/manifest-bytes.ts';
import type { ManifestSummary } from '../store/inventory-records.ts';
import type { ManifestRecord, MetadataStore } from '../store/metadata-store.ts';
import { imageMatcher } from '../oci/image-patterns.ts';
import type { FoundImage } from './find-image.ts';
import { type ImagePlatforms, MAX_PLATFORMS } from './image-platforms.ts';
import type { StaleAt } from './listed-repositories.ts';

/** Referrers that are told; an image has a handful. */
const MAX_REFERRERS = 100;

/** Layers that are told, of all platforms together: an index may name a large manifest again and again. */
const MAX_LAYERS = 10_000;

/** As BuildKit calls the platform of what runs nowhere. */
const UNKNOWN: Platform = { os: 'unknown', architecture: 'unknown' };

export interface ImageDetailsOptions {
  readonly metadata: MetadataStore;
  readonly bytes: ManifestBytes;
  readonly platforms: ImagePlatforms;
  readonly staleAt: StaleAt;
}

export class ImageDetails {
  readonly #options: ImageDetailsOptions;

  constructor(options: ImageDetailsOptions) {
    this.#options = options;
  }

  /** Undefined where it went since it was found. */
  async describe({ repository, digest, tag }: FoundImage): Promise<ImageAnswer | undefined> {
    const { metadata, staleAt } = this.#options;
    const summary = await metadata.inventory.describeManifest(repository, digest);
    if (!summary) return undefined;
    const pinnedBy = await this.#pinnedBy(repository, summary);
    const referrers = await metadata.listReferrers(repository, digest, { limit: MAX_REFERRERS });
    return {
      name: displayName(repository),
      tag: tag?.name ?? null,
      digest,
      kind: repository.kind,
      mediaType: summary.mediaType,
      manifestBytes: summary.size,
      annotations: { ...summary.annotations },
      artifactType: summary.artifactType ?? null,
      cachedAt: tag?.cachedAt ?? summary.addedAt,
      checkedAt: tag?.checkedAt ?? null,
      staleAt: (tag && staleAt(repository, tag.name, tag.checkedAt)) ?? null,
      usedAt: summary.usedAt ?? null,
      tags: [...summary.tags],
      pinned: pinnedBy.length > 0,
      pinnedBy,
      platforms: await this.#platforms(repository, summary),
      referrers: referrers.map((one) => ({
        digest: one.digest,
        artifactType: one.artifactType ?? null,
        size: one.size,
      })),
    };
  }

  async #pinnedBy(
    repository: Repository,
    { digest, tags }: ManifestSummary,
  ): Promise<ImageAnswer['pinnedBy']> {
    const name = displayName(repository);
    const images = [`${name}@${digest}`, ...tags.map((tag) => `${name}:${tag}`)];
    const pins = await this.#options.metadata.inventory.listPins();
    return pins.flatMap(({ pattern, configured }) => {
      const matches = imageMatcher([pattern]);
      return matches && images.some(matches) ? [{ pattern, configured }] : [];
    });
  }

  async #platforms(repository: Repository, manifest: ManifestRecord): Promise<ImagePlatform[]> {
    const content = await this.#options.bytes.read(manifest.digest);
    if (!content) return [];
    if (!isIndexMediaType(manifest.mediaType)) {
      return [await this.#image(repository, manifest, content, MAX_LAYERS)];
    }
    const platforms: ImagePlatform[] = [];
    let left = MAX_LAYERS;
    for (const entry of readIndexEntries(content).slice(0, MAX_PLATFORMS)) {
      const told = await this.#entry(repository, entry, left);
      platforms.push(told);
      left -= told.layers.length;
      if (left === 0) break;
    }
    return platforms;
  }

  /** @param most - layers at most */
  async #entry(repository: Repository, entry: IndexEntry, most: number): Promise<ImagePlatform> {
    const { digest, size, platform, attests } = entry;
    const held = await this.#options.metadata.findManifest(repository, digest);
    const content = held && (await this.#options.bytes.read(digest));
    const told = { ...platform, ...(attests !== undefined && { attests }) };
    if (!held || !content) {
      return { ...UNKNOWN, ...told, digest, held: false, size, config: null, layers: [] };
    }
    return { ...(await this.#image(repository, held, content, most)), ...told };
  }

  async #image(
    repository: Repository,
    { digest, size }: ManifestRecord,
    content: Uint8Array,
    most: number,
  ): Promise<ImagePlatform> {
    const { config, layers } = readImageParts(content);
    const facts = config && (await this.#options.platforms.config(repository, config.digest));
    const sizes = new Map([...(config ? [config] : []), ...layers].map((one) => [one.digest, one]));
    return {
      ...UNKNOWN,
      ...facts?.platform,
      digest,
      held: true,
      size: [...sizes.values()].reduce((sum, one) => sum + one.size, size),
      config: config
        ? {
            digest: config.digest,
            size: config.size,
            held: await this.#isHeld(repository, config.digest),
          }
        : null,
      layers: await Promise.all(
        layers.slice(0, most).map((layer) => this.#layer(repository, layer)),
      ),
      ...(facts?.created !== undefined && { created: facts.created }),
      ...(facts?.labels && { labels: { ...facts.labels } }),
    };
  }

  async #layer(repository: Repository, { digest, size, mediaType }: ImagePart) {
    return { digest, size, mediaType, held: await this.#isHeld(repository, digest) };
  }

  /** For this repository: any manifest may name the digest of what only another one holds, and would tell of it. */
  async #isHeld(repository: Repository, digest: Digest): Promise<boolean> {
    return (await this.#options.metadata.findBlob(repository, digest)) !== undefined;
  }
}
