import * as z from 'zod';
import { bytes, count, imageText } from './common.ts';

/** `POST /api/v1/warm` */
export const warmRequest = z.object({
  /** `NAME:TAG`, `NAME@DIGEST`, or `NAME:GLOB` for the tags that match. */
  images: z.array(imageText).min(1).max(1_000),
  /** `linux/amd64`, `linux/arm/v7`; empty: every platform. */
  platforms: z.array(z.string().min(1).max(100)).max(100).default([]),
  /** With what refers to them: signatures, attestations, SBOMs. */
  referrers: z.boolean().default(true),
});
export type WarmRequest = z.input<typeof warmRequest>;

export const warmProgress = z.object({
  image: z.string(),
  /** `matched`: a glob, the images of which have lines of their own. */
  state: z.enum(['resolving', 'matched', 'fetching', 'done', 'failed']),
  /** Bytes that are here. */
  done: bytes,
  /** Bytes of what is wanted of it; 0 until that is known. */
  total: bytes,
  message: z.string().optional(),
});
export type WarmProgress = z.infer<typeof warmProgress>;

export const warmDone = z.object({ done: z.literal(true), failed: count });
export type WarmDone = z.infer<typeof warmDone>;

/** The lines of the answer; the last one is `warmDone`, or `errorsAnswer` where it could not go on. */
export const warmLine = z.union([warmDone, warmProgress]);
export type WarmLine = z.infer<typeof warmLine>;
