/** The one read path: what is hosted comes first, then the pull-through engine. */
import type { Clock } from '../clock.ts';
import type { Digest } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import { type Reference, referenceText } from '../oci/reference.ts';
import type { HostedRepository, MirroredRepository, Repository } from '../oci/repository.ts';
import { TooYoungError } from '../pull-through/min-age.ts';
import { HIT, type Outcome } from '../pull-through/outcome.ts';
import type { ManifestAnswer } from '../pull-through/pull-manifest.ts';
import type { PullThrough, Using } from '../pull-through/pull-through.ts';
import type { RecentUses } from '../pull-through/recent-uses.ts';
import {
  BlobNotFoundError,
  type BlobStore,
  type Bytes,
  type ByteSpan,
  DigestMismatchError,
  keepsFiles,
} from '../store/blob-store.ts';
import type { DamagedBlobs } from '../store/damaged-blobs.ts';
import {
  type BlobRecord,
  countsWrites,
  type ManifestRecord,
  type MetadataStore,
} from '../store/metadata-store.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { ManifestBytes } from './manifest-bytes.ts';
import type { Target } from './naming.ts';
import { SmallBlobs } from './small-blobs.ts';

export interface ManifestContent {
  readonly manifest: ManifestRecord;
  /** The repository that it is of. */
  readonly source: Repository;
  readonly outcome: Outcome;
  /** The bytes, only where they could not be kept. */
  readonly unkept?: Uint8Array;
  /** Of some hits: how to give the answer again without looking for it. */
  readonly again?: Again | undefined;
}

export interface Again {
  /** Whether it would be found as it was. */
  isSame(): boolean;
  /** Notes that it has been given once more. */
  use(): void;
}

export interface BlobContent {
  readonly digest: Digest;
  /** Bytes; undefined where a blob is arriving whose length nobody has told. */
  readonly size: number | undefined;
  /** The repository that it is of. */
  readonly source: Repository;
  readonly outcome: Outcome;
  /** Of a held blob: where it lies as a file, relative to the folder of all blobs; undefined where the store keeps none. */
  readonly file?: string | undefined;
  /** The bytes of the span, or all. */
  open(span?: ByteSpan): Promise<Bytes>;
  /** All bytes of a held blob that is small enough to keep in memory, else undefined. */
  small?(): Promise<Uint8Array | undefined>;
  /** How to give the answer again without looking for it, where its bytes are in memory. */
  readonly again?: Again | undefined;
}

/** An eviction just between two steps is unlikely once. */
const MANIFEST_ATTEMPTS = 3;

const always = (): boolean => true;

export class Content {
  readonly #metadata: MetadataStore;
  readonly #blobs: BlobStore;
  readonly #smallBlobs: SmallBlobs;
  readonly #fileOf: (digest: Digest) => string | undefined;
  readonly #pullThrough: PullThrough;
  readonly #bytes: ManifestBytes;
  readonly #damaged: DamagedBlobs;
  readonly #uses: RecentUses;
  readonly #clock: Clock;
  readonly #revision: () => number | undefined;

  constructor(options: {
    readonly metadata: MetadataStore;
    readonly blobs: BlobStore;
    readonly pullThrough: PullThrough;
    readonly bytes: ManifestBytes;
    readonly damaged: DamagedBlobs;
    readonly uses: RecentUses;
    readonly clock: Clock;
  }) {
    this.#metadata = options.metadata;
    const { blobs } = options;
    this.#blobs = blobs;
    this.#smallBlobs = new SmallBlobs(blobs);
    this.#fileOf = keepsFiles(blobs) ? (digest) => blobs.fileOf(digest) : () => undefined;
    this.#pullThrough = options.pullThrough;
    this.#bytes = options.bytes;
    this.#damaged = options.damaged;
    this.#uses = options.uses;
    this.#clock = options.clock;
    const { metadata } = options;
    this.#revision = countsWrites(metadata) ? () => metadata.revision : () => undefined;
  }

  /** The manifest with its bytes. */
  async manifest(
    target: Target,
    reference: Reference,
  ): Promise<ManifestContent & { readonly bytes: Uint8Array }> {
    for (let attempt = 0; attempt < MANIFEST_ATTEMPTS; attempt += 1) {
      const found = await this.#findManifest(target, reference, (mirrored) =>
        this.#pullThrough.manifest(mirrored, reference),
      );
      const bytes = found.unkept ?? (await this.#bytes.read(found.manifest.digest));
      // Evicted or deleted while upstream was asked whether it is still the one: then it is as if it had never been held.
      if (bytes) return { ...found, bytes };
    }
    throw new Error(`manifest ${referenceText(reference)} vanished each time it was found`);
  }

  /** What HEAD tells; its bytes may not be held. */
  headManifest(target: Target, reference: Reference): Promise<ManifestContent> {
    return this.#findManifest(target, reference, (mirrored) =>
      this.#pullThrough.headManifest(mirrored, reference),
    );
  }

  async blob(target: Target, digest: Digest): Promise<BlobContent> {
    if (target.kind === 'mirrored') return this.#mirroredBlob(target.repository, digest);
    const hosted = await this.#hostedBlob(target.hosted, digest);
    if (hosted) return hosted;
    const { mirrored } = target;
    try {
      if (!mirrored) throw await this.#unknown(target.hosted, 'BLOB_UNKNOWN');
      return await this.#orUnknown(target.hosted, 'BLOB_UNKNOWN', () =>
        this.#mirroredBlob(mirrored, digest),
      );
    } catch (error) {
      // It was pushed here and is lost: "unknown" would look as if it had never been.
      if (!(await this.#metadata.isCondemned(target.hosted, digest))) throw error;
      throw new Error(`hosted blob ${digest} is damaged; a push would repair it`, { cause: error });
    }
  }

  /** What HEAD tells. A damaged hosted blob is unknown to it, unlike to GET: clients then push it, which repairs it. */
  async headBlob(
    target: Target,
    digest: Digest,
  ): Promise<Pick<BlobContent, 'size' | 'source' | 'outcome'>> {
    if (target.kind === 'mirrored') return this.#headMirrored(target.repository, digest);
    const hosted = await this.#hostedBlob(target.hosted, digest);
    if (hosted) return hosted;
    // Clients HEAD a blob before they push it. A hosted repository speaks of what it holds, or the push would skip
    // the upload; and a name that is not hosted yet must be pushable with the upstream down.
    const known = await this.#metadata.hasRepository(target.hosted);
    if (known || !target.mirrored) throw await this.#unknown(target.hosted, 'BLOB_UNKNOWN');
    try {
      return await this.#headMirrored(target.mirrored, digest);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      throw new OciError('BLOB_UNKNOWN', { detail: { digest }, cause: error });
    }
  }

  async #headMirrored(source: MirroredRepository, digest: Digest) {
    return { ...(await this.#pullThrough.headBlob(source, digest)), source };
  }

  async #findManifest(
    target: Target,
    reference: Reference,
    pull: (mirrored: MirroredRepository) => Promise<ManifestAnswer & Using>,
  ): Promise<ManifestContent> {
    // Before the first look: what is written meanwhile counts as a change.
    const revision = this.#revision();
    const pulled = async (source: MirroredRepository): Promise<ManifestContent> => {
      const { isStillHit, use, ...found } = await pull(source);
      return { ...found, source, again: isStillHit && this.#again(revision, isStillHit, use) };
    };
    if (target.kind === 'mirrored') return pulled(target.repository);
    const { hosted, mirrored } = target;
    const held = await this.#hostedManifest(hosted, reference);
    if (held) {
      return { manifest: held, source: hosted, outcome: HIT, again: this.#again(revision) };
    }
    if (!mirrored) throw await this.#unknown(hosted, 'MANIFEST_UNKNOWN');
    return this.#orUnknown(hosted, 'MANIFEST_UNKNOWN', () => pulled(mirrored));
  }

  /** Undefined where the store does not tell whether something was written. */
  #again(
    revision: number | undefined,
    isStillHit: () => boolean = always,
    use: () => void = () => undefined,
  ): Again | undefined {
    if (revision === undefined) return undefined;
    return { isSame: () => this.#revision() === revision && isStillHit(), use };
  }

  async #hostedManifest(
    hosted: HostedRepository,
    reference: Reference,
  ): Promise<ManifestRecord | undefined> {
    return reference.kind === 'digest'
      ? this.#metadata.findManifest(hosted, reference.digest)
      : (await this.#metadata.findTag(hosted, reference.tag))?.manifest;
  }

  async #hostedBlob(hosted: HostedRepository, digest: Digest): Promise<BlobContent | undefined> {
    const revision = this.#revision();
    const record = await this.#metadata.findBlob(hosted, digest);
    if (!record) return undefined;
    // A client that is told "it is here" will not push it: it must not be collected before its manifest comes. From now on, for
    // it would be while its file is looked at.
    this.#uses.blob(digest);
    const state = await this.#damaged.inspectSize(record, this.#clock.now());
    if (state !== 'intact') return undefined;
    const open = (span?: ByteSpan): Promise<Bytes> => this.#blobs.open(digest, span);
    return this.#heldBlob(record, { source: hosted, revision, open });
  }

  #heldBlob(
    record: BlobRecord,
    {
      revision,
      ...found
    }: Pick<BlobContent, 'source' | 'open'> & { readonly revision: number | undefined },
  ): BlobContent {
    const { digest } = record;
    return {
      ...record,
      ...found,
      outcome: HIT,
      file: this.#fileOf(digest),
      small: () => this.#readSmall(record),
      again: this.#again(revision, always, () => this.#uses.blob(digest)),
    };
  }

  async #readSmall(record: BlobRecord): Promise<Uint8Array | undefined> {
    try {
      return await this.#smallBlobs.read(record);
    } catch (error) {
      // Evicted since it was found, or now: to open it tells what is to be done then.
      if (error instanceof BlobNotFoundError) return undefined;
      if (!(error instanceof DigestMismatchError)) throw error;
      await this.#damaged.inspect(
        record.digest,
        (held) => this.#smallProblem(held),
        this.#clock.now(),
      );
      return undefined;
    }
  }

  async #smallProblem(record: BlobRecord): Promise<string | undefined> {
    try {
      await this.#smallBlobs.read(record);
      return undefined;
    } catch (error) {
      if (error instanceof DigestMismatchError || error instanceof BlobNotFoundError)
        return error.message;
      throw error;
    }
  }

  async #mirroredBlob(repository: MirroredRepository, digest: Digest): Promise<BlobContent> {
    const revision = this.#revision();
    const answer = await this.#pullThrough.blob(repository, digest);
    if (answer.state === 'held') {
      const open = (span?: ByteSpan): Promise<Bytes> => this.#openHeld(repository, digest, span);
      return this.#heldBlob(answer.blob, { source: repository, revision, open });
    }
    const { size, outcome, open: follow } = answer;
    const open = async (span: Parameters<BlobContent['open']>[0]): Promise<Bytes> =>
      follow(span ?? { start: 0 });
    return { digest, size, source: repository, outcome, open };
  }

  async #openHeld(repository: MirroredRepository, digest: Digest, span?: ByteSpan): Promise<Bytes> {
    try {
      return await this.#blobs.open(digest, span);
    } catch (error) {
      // Evicted since it was found: then it is fetched like anything else that is not held.
      if (!(error instanceof BlobNotFoundError)) throw error;
      return (await this.#mirroredBlob(repository, digest)).open(span);
    }
  }

  /** Under a name that is hosted here an upstream failure only means that nothing more is known. */
  async #orUnknown<Value>(
    hosted: HostedRepository,
    code: 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN',
    pull: () => Promise<Value>,
  ): Promise<Value> {
    try {
      return await pull();
    } catch (error) {
      if (!(error instanceof UpstreamError || error instanceof TooYoungError)) throw error;
      if (!(await this.#metadata.hasRepository(hosted))) throw error;
      throw new OciError(code, { detail: { name: hosted.name }, cause: error });
    }
  }

  async #unknown(
    hosted: HostedRepository,
    code: 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN',
  ): Promise<OciError> {
    const known = await this.#metadata.hasRepository(hosted);
    return new OciError(known ? code : 'NAME_UNKNOWN', { detail: { name: hosted.name } });
  }
}
