import { type BlobStore, type WriterId, WriterInUseError } from '../store/blob-store.ts';

/** Removes an unfinished write. False where it has just been taken up again. */
export async function discardLeftover(blobs: BlobStore, id: WriterId): Promise<boolean> {
  try {
    await blobs.discardUnfinished(id);
    return true;
  } catch (error) {
    if (!(error instanceof WriterInUseError)) throw error;
    return false;
  }
}
