/** Removes leftovers: abandoned upload sessions, and unfinished writes that nobody will take up again. */
import type { Clock } from '../clock.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { MetadataStore } from '../store/metadata-store.ts';
import { discardLeftover } from './discard-leftover.ts';

/** The bytes of a broken fill are worth keeping for a client that tries again, not for ever. */
const FILL_MAX_AGE_MS = 24 * 60 * 60 * 1_000;

export interface SweepOptions {
  readonly metadata: MetadataStore;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** Ends sessions not used since then; resolves with how many. */
  readonly expireUploads: (before: number) => Promise<number>;
  readonly uploadMaxAge: number;
}

export interface Swept {
  readonly uploads: number;
  readonly unfinished: number;
}

export async function sweep(options: SweepOptions): Promise<Swept> {
  const { metadata, blobs, clock, expireUploads, uploadMaxAge } = options;
  const now = clock.now();
  const uploads = await expireUploads(now - uploadMaxAge);
  let unfinished = 0;
  for await (const { id, modifiedAt } of blobs.listUnfinished()) {
    const upload = /^upload-(.+)$/.exec(id)?.[1];
    const wanted =
      upload === undefined
        ? now - modifiedAt < FILL_MAX_AGE_MS
        : (await metadata.findUpload(upload)) !== undefined;
    if (wanted) continue;
    if (await discardLeftover(blobs, id)) unfinished += 1;
  }
  return { uploads, unfinished };
}
