import type { Digest } from '../oci/digest.ts';
import { knowsReaders } from '../store/blob-store.ts';
import type { BlobKeeping } from '../store/keep-blob.ts';

/**
 * Removes a blob that nobody needs: the record first, then the bytes, so that a crash in between leaves bytes without
 * a record, which the sweep removes, and never the other way round. False where somebody needs it or is reading it.
 */
export function removeUnneededBlob(
  { metadata, blobs, locks }: BlobKeeping,
  digest: Digest,
): Promise<boolean> {
  return locks.run(digest, async () => {
    if (knowsReaders(blobs) && blobs.isBeingRead(digest)) return false;
    if (!(await metadata.dropUnreferencedBlob(digest))) return false;
    await blobs.delete(digest);
    return true;
  });
}
