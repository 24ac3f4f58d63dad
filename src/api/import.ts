import * as z from 'zod';
import { bytes, count } from './common.ts';

/** `POST /api/v1/import?to=&names=`: the body is the archive, with a content type of `IMPORT_TYPE`. */
export const importQuery = z.object({
  /** What to call the image: `NAME[:TAG]`. Without it the archive's own names count. */
  to: z.string().min(1).max(400).optional(),
  /**
   * Without `to`. `short`: without the registry that an image came from, hosted here. `full`: with it; where that is mirrored here the
   * image becomes held content of it, which is for administrators.
   */
  names: z.enum(['short', 'full']).default('short'),
});
export type ImportQuery = z.infer<typeof importQuery>;

/** Whatever the archive is; no page of another site may send this without being granted it first. */
export const IMPORT_TYPE = 'application/x-tar';

export const importProgress = z.object({
  /** Of the archive, read so far. */
  received: bytes,
  /** Blobs that are in their place. */
  blobs: count,
});
export type ImportProgress = z.infer<typeof importProgress>;

export const importedImage = z.object({
  digest: z.string(),
  /** `NAME:TAG`, as listings show it. */
  pushed: z.array(z.string()),
  /** Platforms or digests that the archive lacks, so that the index is without them. */
  missing: z.array(z.string()),
  /** Signatures and the like that came with it. */
  referrers: count,
});
export type ImportedImage = z.infer<typeof importedImage>;

export const importDone = z.object({ done: z.literal(true), images: z.array(importedImage) });
export type ImportDone = z.infer<typeof importDone>;

/** The lines of the answer; the last one is `importDone`, or `errorsAnswer` where it could not go on. */
export const importLine = z.union([importDone, importProgress]);
export type ImportLine = z.infer<typeof importLine>;
