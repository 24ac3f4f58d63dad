import * as z from 'zod';
import { count, time } from './common.ts';

/**
 * `POST /api/v1/pins` and `DELETE /api/v1/pins?pattern=`: an image (`alpine:3`, `ghcr.io/org/app@sha256:…`), or a glob over
 * `NAME:TAG` (`docker.io/library/*:3.*`), in which `*` matches slashes too, as in the configuration's tag rules.
 */
export const pinRequest = z.object({ pattern: z.string().min(1).max(1_000) });
export type PinRequest = z.infer<typeof pinRequest>;

export const pinEntry = z.object({
  /** With the name in full: `docker.io/library/alpine:3`. */
  pattern: z.string(),
  at: time,
  /** It stands in the configuration (`pins`), and only there it is taken away. */
  configured: z.boolean(),
  /** Tags (or the one digest) that are held and that it keeps. */
  images: count,
  /** There are more: only so many are counted. */
  more: z.boolean(),
});
export type PinEntry = z.infer<typeof pinEntry>;

/** All three answer with the pins as they are now. */
export const pinsAnswer = z.object({ pins: z.array(pinEntry) });
export type PinsAnswer = z.infer<typeof pinsAnswer>;
