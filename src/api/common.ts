/** What several shapes of the JSON API have in common. Times are ms since the epoch, sizes are bytes. */
import * as z from 'zod';
import { DEFAULT_PAGE, MAX_PAGE } from './protocol.ts';

export const time = z.number();
export const bytes = z.number().int().nonnegative();
export const count = z.number().int().nonnegative();

export const platform = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
});
export type Platform = z.infer<typeof platform>;

/** Upstream's, or pushed here. */
export const repositoryKind = z.enum(['hosted', 'mirrored']);
export type RepositoryKind = z.infer<typeof repositoryKind>;

/** What a page of a listing goes on behind; undefined or null at the end. A page may have fewer than `n` entries and go on. */
export const next = z.string().nullable();

/** The query values of every listing in pages. */
export const pageQuery = {
  n: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  last: z.string().max(1_000).optional(),
};

/** `NAME`, `NAME:TAG` or `NAME@DIGEST`; bare names mean what they mean in a pull. */
export const imageText = z.string().min(1).max(1_000);

/** A failure, in the form of the distribution spec; also the last line of an NDJSON answer that could not be ended well. */
export const errorsAnswer = z.object({
  errors: z.array(
    z.object({ code: z.string(), message: z.string(), detail: z.unknown().optional() }),
  ),
});
export type ErrorsAnswer = z.infer<typeof errorsAnswer>;
