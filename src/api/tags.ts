import * as z from 'zod';
import { bytes, next, pageQuery, platform, time } from './common.ts';

/** `GET /api/v1/tags?repository=&search=&n=&last=` */
export const tagsQuery = z.object({
  repository: z.string().min(1).max(300),
  /** Only tags with this in them. */
  search: z.string().max(128).optional(),
  ...pageQuery,
});
export type TagsQuery = z.infer<typeof tagsQuery>;

export const tagEntry = z.object({
  name: z.string(),
  digest: z.string(),
  mediaType: z.string(),
  /** Everything of the image that the repository holds: manifests, configs, layers, each once. */
  size: bytes,
  /** Up to two hundred. Empty where nobody can tell: an artifact, or an image whose config is not held. */
  platforms: z.array(platform),
  /** When the tag was first seen with this digest. */
  cachedAt: time,
  /** When upstream (or a push) last said that it has this digest. */
  checkedAt: time,
  /** From when on upstream is asked again; null: never (hosted). */
  staleAt: time.nullable(),
  usedAt: time.nullable(),
  pinned: z.boolean(),
});
export type TagEntry = z.infer<typeof tagEntry>;

export const tagsAnswer = z.object({ tags: z.array(tagEntry), next });
export type TagsAnswer = z.infer<typeof tagsAnswer>;
