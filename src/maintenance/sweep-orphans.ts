import type { Digest } from '../oci/digest.ts';
import type { BlobKeeping } from '../store/keep-blob.ts';
import type { Pace } from './pace.ts';

/** More damaged blobs than that are a lost disk. */
const MAX_CONDEMNED = 10_000;

/** Removes bytes without a record, which a crash between two steps leaves behind. Resolves with how many. */
export async function sweepOrphans(
  { metadata, blobs, locks, pace }: BlobKeeping & { readonly pace?: Pace | undefined },
  signal?: AbortSignal,
): Promise<number> {
  const condemned = new Set<Digest>(await metadata.listCondemned({ limit: MAX_CONDEMNED }));
  let swept = 0;
  for await (const { digest } of blobs.list()) {
    signal?.throwIfAborted();
    await pace?.rest(signal);
    if ((await metadata.findHeldBlob(digest)) !== undefined) continue;
    await locks.run(digest, async () => {
      // Its record may have come in the meantime.
      if ((await metadata.findHeldBlob(digest)) !== undefined) return;
      if (condemned.has(digest)) return blobs.setAside(digest);
      await blobs.delete(digest);
      swept += 1;
    });
  }
  return swept;
}
