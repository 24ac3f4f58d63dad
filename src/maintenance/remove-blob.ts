import { knowsReaders } from '../store/blob-store.ts';
import type { BlobKeeping } from '../store/keep-blob.ts';
import type { BlobRecord } from '../store/metadata-store.ts';

/**
 * Blobs whose records go in one transaction, which takes about a millisecond in which no request is answered. In one each, ten times as
 * much is written.
 */
const AT_A_TIME = 10;

/**
 * Removes those of the blobs that nobody needs, and gives them: the records first, then the bytes, so that a crash in between
 * leaves bytes without a record, which the sweep removes, and never the other way round. The others somebody needs or is reading.
 */
export async function removeUnneededBlobs<Blob extends BlobRecord>(
  keeping: BlobKeeping,
  blobs: readonly Blob[],
): Promise<readonly Blob[]> {
  const removed: Blob[] = [];
  for (let at = 0; at < blobs.length; at += AT_A_TIME) {
    removed.push(...(await removeTogether(keeping, blobs.slice(at, at + AT_A_TIME))));
  }
  return removed;
}

function removeTogether<Blob extends BlobRecord>(
  { metadata, blobs: store, locks }: BlobKeeping,
  blobs: readonly Blob[],
): Promise<readonly Blob[]> {
  const digests = blobs.map(({ digest }) => digest);
  return locks.runAll(digests, async () => {
    const unread = knowsReaders(store)
      ? digests.filter((digest) => !store.isBeingRead(digest))
      : digests;
    const dropped = new Set(await metadata.dropUnreferencedBlobs(unread));
    const deleting = Array.from(dropped, (digest) => store.delete(digest));
    // All, also where one fails: whoever pushes one of them next must not find it deleted behind him.
    await Promise.allSettled(deleting);
    await Promise.all(deleting);
    return blobs.filter(({ digest }) => dropped.has(digest));
  });
}
