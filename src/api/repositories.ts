import * as z from 'zod';
import { bytes, count, next, pageQuery, repositoryKind, time } from './common.ts';

/** `GET /api/v1/repositories?search=&kind=&n=&last=` */
export const repositoriesQuery = z.object({
  /** Only names with this in them. */
  search: z.string().max(300).optional(),
  kind: repositoryKind.optional(),
  ...pageQuery,
});
export type RepositoriesQuery = z.infer<typeof repositoriesQuery>;

export const repositoryEntry = z.object({
  /** `team/app` (hosted) or `docker.io/library/alpine` (mirrored). */
  name: z.string(),
  kind: repositoryKind,
  upstream: z.string().nullable(),
  /** Those that are known, whether their manifest is held or not. */
  tags: count,
  /** Of the blobs that it may serve; one that two repositories share counts in both. */
  bytes,
  /** Null in a hosted repository: its content is never evicted, so nobody counts. */
  usedAt: time.nullable(),
  /** When something was last added. */
  cachedAt: time,
  /** Some pin speaks of it. */
  pinned: z.boolean(),
});
export type RepositoryEntry = z.infer<typeof repositoryEntry>;

export const repositoriesAnswer = z.object({ repositories: z.array(repositoryEntry), next });
export type RepositoriesAnswer = z.infer<typeof repositoriesAnswer>;
