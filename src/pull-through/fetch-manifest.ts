/** Gets manifests from upstream into the metadata store: one request per key however many clients ask. */
import type { Clock } from '../clock.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { Digest } from '../oci/digest.ts';
import { type Reference, referenceText, type Tag } from '../oci/reference.ts';
import { displayName, type MirroredRepository } from '../oci/repository.ts';
import { StoreFullError, undefinedIfFull } from '../store/blob-store.ts';
import { manifestCommit } from '../store/manifest-commit.ts';
import type { ManifestCommit, ManifestRecord, MetadataStore } from '../store/metadata-store.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { ManifestHead, UpstreamManifest } from '../upstream/upstream.ts';
import type { Mirror } from './mirror.ts';
import type { NegativeCache } from './negative-cache.ts';
import { SingleFlight } from './single-flight.ts';

export interface FetchedManifest {
  readonly manifest: ManifestRecord;
  /** The bytes, only where they could not be kept (the disk is full). */
  readonly unkept?: Uint8Array;
}

export interface Flight<Value> {
  readonly joined: boolean;
  readonly result: Promise<Value>;
}

export interface ManifestFetcherOptions {
  readonly metadata: MetadataStore;
  readonly clock: Clock;
  readonly negative: NegativeCache;
}

export class ManifestFetcher {
  readonly #metadata: MetadataStore;
  readonly #clock: Clock;
  readonly #negative: NegativeCache;
  readonly #fetches = new SingleFlight<FetchedManifest>();
  readonly #heads = new SingleFlight<ManifestHead>();

  constructor(options: ManifestFetcherOptions) {
    this.#metadata = options.metadata;
    this.#clock = options.clock;
    this.#negative = options.negative;
  }

  /** Fetches and keeps. A digest that another repository holds costs a HEAD, which proves that this one has it too. */
  fetch(
    mirror: Mirror,
    repository: MirroredRepository,
    reference: Reference,
  ): Flight<FetchedManifest> {
    return this.#fetches.run(keyOf(repository, reference), () =>
      this.#rememberingAbsence(mirror, repository, reference, async () => {
        const adopted = await this.#adopt(mirror, repository, reference);
        if (adopted) return { manifest: adopted };
        const fetched = await mirror.upstream.manifest(repository.name, reference);
        const commit = this.#commitOf(repository, reference, fetched);
        const { digest, mediaType, content } = commit;
        const manifest = { digest, mediaType, size: content.byteLength };
        try {
          await this.#metadata.commitManifest(commit);
          return { manifest };
        } catch (error) {
          if (!(error instanceof StoreFullError)) throw error;
          return { manifest, unkept: content };
        }
      }),
    );
  }

  /** As `fetch`, of the digest that a HEAD has told for a tag. It may be gone where the tag has moved on since: the tag itself tells then. */
  fetchTold(
    mirror: Mirror,
    repository: MirroredRepository,
    tag: Tag,
    digest: Digest,
  ): Flight<FetchedManifest> {
    const told = this.fetch(mirror, repository, { kind: 'digest', digest });
    const result = told.result.catch((error: unknown) => {
      if (!(error instanceof UpstreamError) || error.kind !== 'not-found') throw error;
      return this.fetch(mirror, repository, { kind: 'tag', tag }).result;
    });
    return { joined: told.joined, result };
  }

  /** What upstream tells by HEAD. Its headers may leave something out. */
  head(mirror: Mirror, repository: MirroredRepository, reference: Reference): Flight<ManifestHead> {
    return this.#heads.run(keyOf(repository, reference), () =>
      this.#rememberingAbsence(mirror, repository, reference, async () => {
        const head = await mirror.upstream.headManifest(repository.name, reference);
        if (reference.kind === 'digest' && (head.digest ?? reference.digest) !== reference.digest) {
          throw new UpstreamError(
            'bad-answer',
            `upstream calls ${reference.digest} by ${head.digest}`,
          );
        }
        return head;
      }),
    );
  }

  /** Notes that the tag names the digest now. On a full disk the note is lost, which costs a revalidation, not the pull. */
  async noteTag(repository: MirroredRepository, tag: Tag, digest: Digest): Promise<void> {
    const at = this.#clock.now();
    await this.#metadata.recordTag(repository, tag, digest, at).catch(undefinedIfFull);
  }

  rememberAbsent(mirror: Mirror, repository: MirroredRepository, reference: Reference): void {
    const maxAge =
      reference.kind === 'tag'
        ? mirror.tagPolicy(repository.name, reference.tag).negativeMaxAge
        : mirror.negativeMaxAge;
    this.#negative.remember(keyOf(repository, reference), maxAge);
  }

  async #rememberingAbsence<Value>(
    mirror: Mirror,
    repository: MirroredRepository,
    reference: Reference,
    ask: () => Promise<Value>,
  ): Promise<Value> {
    const key = keyOf(repository, reference);
    if (this.#negative.has(key)) {
      throw new UpstreamError('not-found', `${key} was not found upstream moments ago`);
    }
    try {
      return await ask();
    } catch (error) {
      if (error instanceof UpstreamError && error.kind === 'not-found') {
        this.rememberAbsent(mirror, repository, reference);
      }
      throw error;
    }
  }

  /** Undefined where nobody holds it, or the disk is full: then it is fetched, and given without being kept. */
  async #adopt(
    mirror: Mirror,
    repository: MirroredRepository,
    reference: Reference,
  ): Promise<ManifestRecord | undefined> {
    if (reference.kind !== 'digest') return undefined;
    const { digest } = reference;
    if ((await this.#metadata.readManifest(digest)) === undefined) return undefined;
    // That an index of the repository names it proves nothing: anybody may name a digest.
    await mirror.upstream.headManifest(repository.name, reference);
    const at = this.#clock.now();
    return this.#metadata.adoptManifest(repository, digest, [], at).catch(undefinedIfFull);
  }

  #commitOf(
    repository: MirroredRepository,
    reference: Reference,
    { content, digest, mediaType }: UpstreamManifest,
  ): ManifestCommit {
    const parsed = parseManifest(content, mediaType);
    if (!parsed.ok) {
      const what = `${displayName(repository)} ${referenceText(reference)}`;
      throw new UpstreamError('bad-answer', `upstream's manifest ${what}: ${parsed.problem}`);
    }
    return manifestCommit({
      repository,
      digest,
      content,
      manifest: parsed.manifest,
      tags: reference.kind === 'tag' ? [reference.tag] : [],
      at: this.#clock.now(),
    });
  }
}

function keyOf(repository: MirroredRepository, reference: Reference): string {
  const separator = reference.kind === 'tag' ? ':' : '@';
  return `${displayName(repository)}${separator}${referenceText(reference)}`;
}
