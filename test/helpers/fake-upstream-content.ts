import { createHash } from 'node:crypto';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { MediaType, isIndexMediaType } from '../../src/oci/media-types.ts';

export interface StoredManifest {
  readonly content: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

export interface ImageOptions {
  /** Layers as they are, or as numbers of bytes (made up, the same in every run). */
  readonly layers?: readonly (Buffer | number)[];
  readonly config?: Readonly<Record<string, unknown>>;
  readonly platform?: { readonly os: string; readonly architecture: string };
  /** Docker schema 2 media types instead of OCI's. */
  readonly docker?: boolean;
  readonly subject?: Digest;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface FakeImage {
  readonly manifestDigest: Digest;
  readonly manifest: Buffer;
  readonly mediaType: string;
  readonly configDigest: Digest;
  readonly config: Buffer;
  readonly layerDigests: readonly Digest[];
  readonly layers: readonly Buffer[];
}

interface Repository {
  readonly manifests: Map<Digest, StoredManifest>;
  readonly tags: Map<string, Digest>;
  readonly blobs: Set<Digest>;
}

/** Bytes that look random and are the same in every run. */
export function madeUpBytes(seed: string, size: number): Buffer {
  if (size === 0) return Buffer.alloc(0);
  return createHash('shake256', { outputLength: size }).update(seed).digest();
}

/** What the fake registry holds. */
export class FakeContent {
  readonly #repositories = new Map<string, Repository>();
  readonly #blobs = new Map<Digest, Buffer>();
  /** Blobs that every repository has. */
  readonly #shared = new Set<Digest>();

  addBlob(bytes: Buffer, repository?: string): Digest {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    if (repository === undefined) this.#shared.add(digest);
    else this.#repository(repository).blobs.add(digest);
    return digest;
  }

  addManifest(
    repository: string,
    tag: string | undefined,
    content: Buffer | string | object,
    mediaType: string,
  ): Digest {
    const bytes =
      typeof content === 'string' || Buffer.isBuffer(content)
        ? Buffer.from(content)
        : Buffer.from(JSON.stringify(content));
    const digest = digestOf(bytes);
    const { manifests, tags } = this.#repository(repository);
    manifests.set(digest, { content: bytes, mediaType, digest });
    if (tag !== undefined) tags.set(tag, digest);
    return digest;
  }

  addImage(repository: string, tag: string | undefined, options: ImageOptions = {}): FakeImage {
    const layers = (options.layers ?? [1000, 2000]).map((layer, index) =>
      typeof layer === 'number'
        ? madeUpBytes(`${repository}:${tag ?? ''}/${index}/${layer}`, layer)
        : layer,
    );
    const layerDigests = layers.map((layer) => this.addBlob(layer, repository));
    const config = Buffer.from(
      JSON.stringify({
        ...(options.platform ?? { os: 'linux', architecture: 'amd64' }),
        rootfs: { type: 'layers', diff_ids: layerDigests },
        config: {},
        ...options.config,
      }),
    );
    const configDigest = this.addBlob(config, repository);
    const docker = options.docker === true;
    const mediaType = docker ? MediaType.dockerManifest : MediaType.ociManifest;
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        artifactType: options.artifactType,
        config: {
          mediaType: docker
            ? 'application/vnd.docker.container.image.v1+json'
            : 'application/vnd.oci.image.config.v1+json',
          digest: configDigest,
          size: config.length,
        },
        layers: layers.map((layer, index) => ({
          mediaType: docker
            ? 'application/vnd.docker.image.rootfs.diff.tar.gzip'
            : 'application/vnd.oci.image.layer.v1.tar',
          digest: layerDigests[index],
          size: layer.length,
        })),
        subject: options.subject && this.#descriptor(repository, options.subject),
        annotations: options.annotations,
      }),
    );
    const manifestDigest = this.addManifest(repository, tag, manifest, mediaType);
    return { manifestDigest, manifest, mediaType, configDigest, config, layerDigests, layers };
  }

  addIndex(
    repository: string,
    tag: string | undefined,
    children: readonly {
      readonly digest: Digest;
      readonly platform?: { readonly os: string; readonly architecture: string };
    }[],
    mediaType: string = MediaType.ociIndex,
  ): Digest {
    const manifests = children.map(({ digest, platform }) => ({
      ...this.#descriptor(repository, digest),
      platform,
    }));
    return this.addManifest(repository, tag, { schemaVersion: 2, mediaType, manifests }, mediaType);
  }

  setTag(repository: string, tag: string, digest: Digest): void {
    this.#repository(repository).tags.set(tag, digest);
  }

  removeTag(repository: string, tag: string): void {
    this.#repository(repository).tags.delete(tag);
  }

  removeManifest(repository: string, digest: Digest): void {
    this.#repository(repository).manifests.delete(digest);
  }

  removeBlob(digest: Digest): void {
    this.#blobs.delete(digest);
  }

  hasRepository(repository: string): boolean {
    return this.#repositories.has(repository);
  }

  findManifest(repository: string, reference: string): StoredManifest | undefined {
    const held = this.#repositories.get(repository);
    const digest = held?.tags.get(reference) ?? (reference as Digest);
    return held?.manifests.get(digest);
  }

  findBlob(repository: string, digest: Digest): Buffer | undefined {
    const visible =
      this.#shared.has(digest) || this.#repositories.get(repository)?.blobs.has(digest) === true;
    return visible ? this.#blobs.get(digest) : undefined;
  }

  /** The bytes of a blob for whoever has a signed URL. */
  blob(digest: Digest): Buffer | undefined {
    return this.#blobs.get(digest);
  }

  tags(repository: string): readonly string[] {
    return [...(this.#repositories.get(repository)?.tags.keys() ?? [])].toSorted();
  }

  referrers(repository: string, subject: string): readonly object[] {
    const manifests = [...(this.#repositories.get(repository)?.manifests.values() ?? [])];
    return manifests.flatMap(({ content, mediaType, digest }) => {
      const parsed = JSON.parse(content.toString()) as {
        subject?: { digest: string };
        artifactType?: string;
        config?: { mediaType: string };
        annotations?: Record<string, string>;
      };
      if (parsed.subject?.digest !== subject) return [];
      const artifactType =
        parsed.artifactType ?? (isIndexMediaType(mediaType) ? undefined : parsed.config?.mediaType);
      const { annotations } = parsed;
      return [{ mediaType, digest, size: content.length, artifactType, annotations }];
    });
  }

  #descriptor(repository: string, digest: Digest): object {
    const manifest = this.#repository(repository).manifests.get(digest);
    return {
      mediaType: manifest?.mediaType ?? MediaType.ociManifest,
      digest,
      size: manifest?.content.length ?? 0,
    };
  }

  #repository(name: string): Repository {
    let repository = this.#repositories.get(name);
    if (repository === undefined) {
      repository = { manifests: new Map(), tags: new Map(), blobs: new Set() };
      this.#repositories.set(name, repository);
    }
    return repository;
  }
}
