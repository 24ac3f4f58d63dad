import type { Digest } from '../oci/digest.ts';
import type { Repository } from '../oci/repository.ts';
import type { BlobStat, BlobStore } from './blob-store.ts';
import type { DigestLocks } from './digest-locks.ts';
import type { MetadataStore } from './metadata-store.ts';

export interface BlobKeeping {
  readonly metadata: MetadataStore;
  readonly blobs: BlobStore;
  readonly locks: DigestLocks;
}

/**
 * Publishes a blob and records it as one step for everybody else, so that upkeep never finds bytes without a record
 * that is about to come. Bytes whose record failed (the disk is full) are not left behind.
 */
export function keepBlob(
  { metadata, blobs, locks }: BlobKeeping,
  kept: { readonly repository: Repository; readonly digest: Digest; readonly at: number },
  commit: () => Promise<BlobStat>,
): Promise<BlobStat> {
  const { repository, digest, at } = kept;
  return locks.run(digest, async () => {
    const stat = await commit();
    try {
      await metadata.recordBlob(repository, stat, at);
    } catch (error) {
      if ((await metadata.findHeldBlob(digest)) === undefined) await blobs.delete(digest);
      throw error;
    }
    return stat;
  });
}
