/** Deletes: of hosted content for good, of mirrored content the held copy only (distribution-spec, "Content Management"). */
import type { Digest } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import type { Reference } from '../oci/reference.ts';
import type { Repository } from '../oci/repository.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { DigestLocks } from '../store/digest-locks.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import type { Target } from './naming.ts';

export class Deletes {
  readonly #metadata: MetadataStore;
  readonly #blobs: BlobStore;
  readonly #locks: DigestLocks;

  constructor(metadata: MetadataStore, blobs: BlobStore, locks: DigestLocks) {
    this.#metadata = metadata;
    this.#blobs = blobs;
    this.#locks = locks;
  }

  /** A tag goes alone; a digest goes with every tag that points at it. */
  async manifest(target: Target, reference: Reference): Promise<void> {
    for (const repository of repositoriesOf(target)) {
      const deleted =
        reference.kind === 'tag'
          ? await this.#metadata.deleteTag(repository, reference.tag)
          : await this.#metadata.deleteManifest(repository, reference.digest);
      if (deleted) return;
    }
    throw await this.#unknown(target, 'MANIFEST_UNKNOWN');
  }

  /** The blob goes from this repository; others that refer to it keep it. */
  async blob(target: Target, digest: Digest): Promise<void> {
    for (const repository of repositoriesOf(target)) {
      if (!(await this.#metadata.findBlob(repository, digest))) continue;
      const outcome = await this.#locks.run(digest, async () => {
        const unlinked = await this.#metadata.unlinkBlob(repository, digest);
        if (unlinked === 'orphaned') await this.#blobs.delete(digest);
        return unlinked;
      });
      if (outcome !== 'absent') return;
    }
    throw await this.#unknown(target, 'BLOB_UNKNOWN');
  }

  async #unknown(target: Target, code: 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN'): Promise<OciError> {
    for (const repository of repositoriesOf(target)) {
      if (await this.#metadata.hasRepository(repository)) return new OciError(code);
    }
    return new OciError('NAME_UNKNOWN');
  }
}

/** Hosted first, as for pulls. */
function repositoriesOf(target: Target): readonly Repository[] {
  if (target.kind === 'mirrored') return [target.repository];
  return target.mirrored ? [target.hosted, target.mirrored] : [target.hosted];
}
