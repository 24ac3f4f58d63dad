import * as z from 'zod';
import { MAX_TIMER } from './durations.ts';
import { duration, expected, flag, platform, section, taggedImages } from './settings.ts';

const list = section({
  images: z
    .array(taggedImages(), { error: expected('a list of images') })
    .min(1, { error: expected('at least one image') })
    .describe(
      'Images of mirrored registries, each with a tag, a glob over tags, or a digest; bare names mean what they mean in a pull.',
    ),
  platforms: z
    .array(platform(), { error: expected('a list of platforms') })
    .prefault([])
    .describe('Which of their platforms; an empty list: all that they have.'),
  referrers: flag()
    .prefault(true)
    .describe('Fetch what refers to them, too: signatures, attestations, SBOMs.'),
  every: duration({ min: 1_000, max: MAX_TIMER })
    .prefault('6h')
    .describe(
      'How often. What is held already costs one HEAD for each tag; below `maxAge` no client ever waits for a check.',
    ),
});

export const warm = z
  .array(list, { error: expected('a list of lists of images') })
  .prefault([])
  .describe('Images to fetch ahead of need, soon after the start and then regularly. See warm.md.');
