import { ArchiveError } from '../../archive/archive-error.ts';
import type { Content } from '../../archive/content.ts';
import type { Depot } from '../../archive/depot.ts';
import type { HashedBytes } from '../../archive/hashed-bytes.ts';
import type { ImageBlob, ImageManifest } from '../../archive/image.ts';
import type { BlobOutcome, ImageSink } from '../../archive/push-images.ts';
import { verifiedBytes } from '../../archive/verified-content.ts';
import { type Digest, digestAlgorithm } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { Repository } from '../../oci/repository.ts';
import { keepMirrored } from '../../registry/keep-mirrored.ts';
import type { UnplacedBlobs } from '../../registry/unplaced-blobs.ts';
import type { Services } from '../services.ts';
import type { ImportGoals } from './import-goals.ts';

/** Tags of one transaction: some milliseconds, during which no request is answered. */
const TAGS_AT_A_TIME = 250;

/** Keeps what arrives of an archive and pushes its images to this very registry. */
export class ImportSink implements ImageSink, Depot {
  readonly #services: Services;
  readonly #unplaced: UnplacedBlobs;
  readonly #goals: ImportGoals;
  readonly #onBlob: () => void;

  constructor(services: Services, unplaced: UnplacedBlobs, goals: ImportGoals, onBlob: () => void) {
    this.#services = services;
    this.#unplaced = unplaced;
    this.#goals = goals;
    this.#onBlob = onBlob;
  }

  async keep(bytes: HashedBytes, promised: Digest | undefined): Promise<Content> {
    const algorithm = promised === undefined ? 'sha256' : digestAlgorithm(promised);
    await this.#unplaced.receive(bytes, algorithm, () => {
      if (promised === undefined || promised === bytes.digest) return bytes.digest;
      throw new ArchiveError(`the content of ${promised} has the digest ${bytes.digest}`);
    });
    return {
      size: bytes.size,
      open: () => {
        throw new ArchiveError('the archive has too many manifests for a stream');
      },
    };
  }

  async pushBlob(name: string, blob: ImageBlob): Promise<BlobOutcome> {
    const repository = this.#goals.of(name);
    const outcome = await this.#push(repository, blob);
    this.#onBlob();
    return outcome;
  }

  async pushManifest(
    name: string,
    { digest, mediaType, bytes }: ImageManifest,
    tags: readonly Tag[],
  ): Promise<void> {
    const repository = this.#goals.of(name);
    if (repository.kind === 'mirrored') {
      await keepMirrored(this.#services, { repository, digest, content: bytes, mediaType, tags });
      return;
    }
    for (let at = 0; at === 0 || at < tags.length; at += TAGS_AT_A_TIME) {
      await this.#services.pushManifest.push({
        repository,
        reference: { kind: 'digest', digest },
        tags: tags.slice(at, at + TAGS_AT_A_TIME),
        content: bytes,
        contentType: mediaType,
        // The archive is whole, so upstream has nothing to add.
        mirrored: undefined,
      });
    }
  }

  async #push(repository: Repository, blob: ImageBlob): Promise<BlobOutcome> {
    const { metadata, pushBlob } = this.#services;
    const { digest } = blob;
    if ((await metadata.findBlob(repository, digest)) !== undefined) return 'held';
    if (await this.#unplaced.place(repository, digest)) return 'sent';
    await pushBlob.push(repository, digest, digestAlgorithm(digest), verifiedBytes(blob));
    return 'sent';
  }
}
