/** Making room and checking: what goes next, garbage collection, verification. */
import * as z from 'zod';
import { bytes, count, time } from './common.ts';

/** `GET /api/v1/evictions?n=` */
export const evictionsQuery = z.object({
  n: z.coerce.number().int().min(1).max(1_000).default(50),
});
export type EvictionsQuery = z.infer<typeof evictionsQuery>;

export const evictionEntry = z.object({
  /** The repository; of a blob that no manifest names, one that refers to it, or null. */
  name: z.string().nullable(),
  kind: z.enum(['manifest', 'blob']),
  digest: z.string(),
  /** Tags that go with the manifest. */
  tags: z.array(z.string()),
  /** Tags of indexes that it is a part of, and of the image that it refers to; up to ten. */
  belongsTo: z.array(z.string()),
  /** What it frees when everything before it has gone. */
  bytes,
  usedAt: time,
});
export type EvictionEntry = z.infer<typeof evictionEntry>;

export const evictionsAnswer = z.object({
  /** What all of `next` would free. */
  wouldFree: bytes,
  /** In the order in which it would go. */
  next: z.array(evictionEntry),
});
export type EvictionsAnswer = z.infer<typeof evictionsAnswer>;

/** `POST /api/v1/gc` (the body is `{}`) */
export const gcAnswer = z.object({
  /** Upload sessions that nobody went on with, and fills that nobody took up again. */
  swept: z.object({ uploads: count, unfinished: count }),
  /** Files without a record. */
  orphans: count,
  /** Links of repositories to blobs that none of their manifests names, and the blobs that went. */
  collected: z.object({ links: count, blobs: count, bytes }),
  /** What had to go because a limit is exceeded. */
  evicted: z.object({ manifests: count, blobs: count, bytes }),
  freedBytes: bytes,
});
export type GcAnswer = z.infer<typeof gcAnswer>;

/** `POST /api/v1/verify` */
export const verifyRequest = z.object({ repair: z.boolean().default(false) });
export type VerifyRequest = z.input<typeof verifyRequest>;

export const verifyProgress = z.object({
  /** Blobs and manifests. */
  checked: count,
  total: count,
  /** Read and hashed. */
  bytes,
  totalBytes: bytes,
});
export type VerifyProgress = z.infer<typeof verifyProgress>;

export const damagedEntry = z.object({
  digest: z.string(),
  /** The repositories that refer to it. */
  repositories: z.array(z.string()),
  action: z.enum([
    /** Mirrored: dropped; the next pull fetches it again. */
    'dropped',
    /** Mirrored: dropped and fetched again. */
    'fetched-again',
    /** Mirrored: dropped, and upstream did not give it again (`message`). */
    'not-fetched',
    /** Hosted: lost until it is pushed again. */
    'push-again',
    /** It could not be read to the end; nothing was done. */
    'unreadable',
  ]),
  message: z.string().nullable(),
});
export type DamagedEntry = z.infer<typeof damagedEntry>;

export const verifyDone = verifyProgress.extend({
  done: z.literal(true),
  damaged: z.array(damagedEntry),
});
export type VerifyDone = z.infer<typeof verifyDone>;

/** The lines of the answer; the last one is `verifyDone`, or `errorsAnswer` where it could not go on. */
export const verifyLine = z.union([verifyDone, verifyProgress]);
export type VerifyLine = z.infer<typeof verifyLine>;
