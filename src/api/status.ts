import * as z from 'zod';
import { bytes, count, time } from './common.ts';

/** `GET /api/v1/status` */
export const statusAnswer = z.object({
  version: z.string(),
  startedAt: time,
  /** Where the server listens, as a URL. */
  listen: z.string(),
  /** What a bare name means; null: hosted repositories only, as far as who asks may know. */
  defaultUpstream: z.string().nullable(),
  /** Configured never to ask any upstream. */
  offline: z.boolean(),
  storage: z.object({
    /** Null: not for who asks. */
    dir: z.string().nullable(),
    /** Of mirrored content. */
    maxSize: bytes,
    minFree: bytes,
    /** Bytes that the disk has left; null where the store cannot tell. */
    free: bytes.nullable(),
    blobBytes: bytes,
    mirroredBytes: bytes,
    hostedBytes: bytes,
    blobs: count,
    manifests: count,
  }),
  /** Fills under way, of what who asks may pull. */
  fills: count,
  /** There are accounts, so that signing in may give more rights. */
  accounts: z.boolean(),
  /** Who asks; null: nobody in particular. */
  user: z.string().nullable(),
  can: z.object({
    pull: z.boolean(),
    push: z.boolean(),
    delete: z.boolean(),
    administer: z.boolean(),
  }),
});
export type StatusAnswer = z.infer<typeof statusAnswer>;
