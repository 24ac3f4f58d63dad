/** Manifests that come by push (distribution-spec, "Pushing Manifests"): answered 201 only when whole, here. */
import type { Clock } from '../clock.ts';
import { type Digest, digestAlgorithm, digestOf } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import { type Manifest, type NamedDescriptor, parseManifest } from '../oci/manifest.ts';
import type { Reference, Tag } from '../oci/reference.ts';
import type { HostedRepository, MirroredRepository } from '../oci/repository.ts';
import type { PullThrough } from '../pull-through/pull-through.ts';
import { DigestMismatchError, SizeMismatchError } from '../store/blob-store.ts';
import { manifestCommit } from '../store/manifest-commit.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { ManifestBytes } from './manifest-bytes.ts';

/** An eviction just between two steps is unlikely once. */
const BRING_IN_ATTEMPTS = 3;

/**
 * So many that upstream does not have are told apart from those that it has. Behind them the push has failed anyway, and a manifest may
 * name thousands: what is not here then counts as missing unasked.
 */
const MAX_REFUSALS = 10;

export interface PushedManifest {
  readonly digest: Digest;
  readonly subject: Digest | undefined;
}

export interface ManifestPush {
  readonly repository: HostedRepository;
  readonly reference: Reference;
  /** Further tags, of a push by digest (`?tag=`). */
  readonly tags: readonly Tag[];
  readonly content: Uint8Array;
  readonly contentType: string | undefined;
  /** The upstream repository of the same name, if any: clients skip the upload of what it answered for. */
  readonly mirrored: MirroredRepository | undefined;
}

export class PushManifest {
  readonly #metadata: MetadataStore;
  readonly #pullThrough: PullThrough;
  readonly #bytes: ManifestBytes;
  readonly #clock: Clock;

  constructor(options: {
    readonly metadata: MetadataStore;
    readonly pullThrough: PullThrough;
    readonly bytes: ManifestBytes;
    readonly clock: Clock;
  }) {
    this.#metadata = options.metadata;
    this.#pullThrough = options.pullThrough;
    this.#bytes = options.bytes;
    this.#clock = options.clock;
  }

  /** Stores the exact bytes. MANIFEST_INVALID, DIGEST_INVALID, or MANIFEST_BLOB_UNKNOWN with one entry for each missing reference. */
  async push(push: ManifestPush): Promise<PushedManifest> {
    const { reference, content } = push;
    const algorithm = reference.kind === 'digest' ? digestAlgorithm(reference.digest) : 'sha256';
    const digest = digestOf(content, algorithm);
    if (reference.kind === 'digest' && reference.digest !== digest) {
      throw new OciError('DIGEST_INVALID', {
        detail: { expected: reference.digest, actual: digest },
      });
    }
    const parsed = parseManifest(content, push.contentType);
    if (!parsed.ok) throw new OciError('MANIFEST_INVALID', { detail: parsed.problem });
    await this.#requireAll(push, parsed.manifest.descriptors);
    const tags = reference.kind === 'tag' ? [reference.tag] : push.tags;
    await this.#commit(push.repository, digest, content, parsed.manifest, tags);
    return { digest, subject: parsed.manifest.subject };
  }

  async #requireAll(
    { repository, mirrored }: Pick<ManifestPush, 'repository' | 'mirrored'>,
    descriptors: readonly NamedDescriptor[],
  ): Promise<void> {
    const missing: NamedDescriptor[] = [];
    let hasWaited = false;
    for (const descriptor of descriptors) {
      if (await this.#has(repository, descriptor)) continue;
      const asking = missing.length < MAX_REFUSALS ? mirrored : undefined;
      hasWaited ||= asking !== undefined;
      if (asking && (await this.#bringIn(repository, asking, descriptor))) continue;
      missing.push(descriptor);
    }
    if (missing.length > 0) {
      throw new OciError('MANIFEST_BLOB_UNKNOWN', {
        details: missing.map(({ digest, role }) => ({ digest, role })),
      });
    }
    // What was here at first may have been deleted or collected meanwhile. In a look at the store alone nothing comes between.
    if (hasWaited) await this.#requireAll({ repository, mirrored: undefined }, descriptors);
  }

  async #has(repository: HostedRepository, { role, digest }: NamedDescriptor): Promise<boolean> {
    if (role === 'manifest' && (await this.#metadata.findManifest(repository, digest))) return true;
    // An index may also name what is not a manifest, pushed as a blob.
    return (await this.#metadata.findBlob(repository, digest)) !== undefined;
  }

  /** What upstream answered for when the client asked by HEAD becomes ours, so that the push is whole without upstream. */
  async #bringIn(
    repository: HostedRepository,
    mirrored: MirroredRepository,
    descriptor: NamedDescriptor,
  ): Promise<boolean> {
    try {
      if (descriptor.role === 'manifest')
        await this.#bringInManifest(repository, mirrored, descriptor.digest);
      else await this.#bringInBlob(repository, mirrored, descriptor.digest);
      return true;
    } catch (error) {
      if (isUpstreamFault(error)) return false;
      throw error;
    }
  }

  async #bringInBlob(
    repository: HostedRepository,
    mirrored: MirroredRepository,
    digest: Digest,
  ): Promise<void> {
    // Until it is linked it may be evicted like anything else that is mirrored; once linked it stays.
    for (let attempt = 0; attempt < BRING_IN_ATTEMPTS; attempt += 1) {
      await this.#pullThrough.ensureBlob(mirrored, digest);
      if (await this.#metadata.linkBlob(repository, digest, this.#clock.now())) return;
    }
    throw new Error(`blob ${digest} vanished each time it was brought in`);
  }

  async #bringInManifest(
    repository: HostedRepository,
    mirrored: MirroredRepository,
    digest: Digest,
  ): Promise<void> {
    const answer = await this.#pullThrough.manifest(mirrored, { kind: 'digest', digest });
    const { manifest, unkept } = answer;
    const content = unkept ?? (await this.#bytes.read(digest));
    if (!content) throw new Error(`manifest ${digest} vanished while it was brought in`);
    const parsed = parseManifest(content, manifest.mediaType);
    if (!parsed.ok) throw new OciError('MANIFEST_INVALID', { detail: parsed.problem });
    await this.#requireAll({ repository, mirrored }, parsed.manifest.descriptors);
    await this.#commit(repository, digest, content, parsed.manifest, []);
  }

  async #commit(
    repository: HostedRepository,
    digest: Digest,
    content: Uint8Array,
    manifest: Manifest,
    tags: readonly Tag[],
  ): Promise<void> {
    await this.#metadata.commitManifest(
      manifestCommit({ repository, digest, content, manifest, tags, at: this.#clock.now() }),
    );
  }
}

/** Upstream does not have it, cannot be asked, or sends something else. */
function isUpstreamFault(error: unknown): boolean {
  return (
    error instanceof UpstreamError ||
    error instanceof DigestMismatchError ||
    error instanceof SizeMismatchError
  );
}
