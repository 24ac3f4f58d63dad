/** What an image manifest says; unknown fields stay as they are. */
import * as z from 'zod';
import { digestText } from './index-json.ts';

const descriptor = z.looseObject({
  mediaType: z.string(),
  digest: digestText,
  size: z.int().nonnegative(),
});

export const imageSchema = z.looseObject({
  config: descriptor.optional(),
  layers: z.array(descriptor).default([]),
});
