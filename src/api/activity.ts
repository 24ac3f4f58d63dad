/** What the server is doing, and what it has done: fills, upstreams, usage by day, misses. */
import * as z from 'zod';
import { bytes, count, time } from './common.ts';

export const fillEntry = z.object({
  repository: z.string(),
  digest: z.string(),
  /** Null where neither upstream nor a manifest tells. */
  size: bytes.nullable(),
  written: bytes,
  startedAt: time,
  /** Clients that read from it now. */
  followers: count,
  /** Bytes that an earlier fill had left. */
  resumedFrom: bytes,
});
export type FillEntry = z.infer<typeof fillEntry>;

/** `GET /api/v1/fills` */
export const fillsAnswer = z.object({ fills: z.array(fillEntry) });
export type FillsAnswer = z.infer<typeof fillsAnswer>;

export const upstreamEntry = z.object({
  name: z.string(),
  url: z.string(),
  aliases: z.array(z.string()),
  private: z.boolean(),
  /** `open`: not asked until `retryAt`; `half-open`: the next request tries it; `offline`: configured so. */
  state: z.enum(['closed', 'open', 'half-open', 'offline']),
  retryAt: time.nullable(),
  lastFailure: z.object({ at: time, message: z.string() }).nullable(),
  rateLimit: z
    .object({ limit: count, remaining: count, windowSeconds: count.nullable(), at: time })
    .nullable(),
});
export type UpstreamEntry = z.infer<typeof upstreamEntry>;

/** `GET /api/v1/upstreams` */
export const upstreamsAnswer = z.object({ upstreams: z.array(upstreamEntry) });
export type UpstreamsAnswer = z.infer<typeof upstreamsAnswer>;

/** `GET /api/v1/usage?days=` */
export const usageQuery = z.object({ days: z.coerce.number().int().min(1).max(400).default(30) });
export type UsageQuery = z.infer<typeof usageQuery>;

export const usageCounts = z.object({
  /** Manifests and blobs that were asked for and answered. */
  requests: count,
  /** Served from what is held, revalidated tags included. */
  hits: count,
  misses: count,
  /** Served though it was older than it should be. */
  stale: count,
  /** Body bytes to clients. */
  bytesServed: bytes,
  /** Body bytes from upstream; what was saved is served − fetched. */
  bytesFetched: bytes,
});
export type UsageCounts = z.infer<typeof usageCounts>;

export const usageDay = z.object({
  /** `YYYY-MM-DD`, in UTC. */
  day: z.string(),
  total: usageCounts,
  /** By upstream; null stands for hosted repositories. Those without a request are left out. */
  upstreams: z.array(usageCounts.extend({ upstream: z.string().nullable() })),
});
export type UsageDay = z.infer<typeof usageDay>;

/** Every day of the last `days`, today last; a day without requests has zeros. */
export const usageAnswer = z.object({ days: z.array(usageDay) });
export type UsageAnswer = z.infer<typeof usageAnswer>;

/** `GET /api/v1/misses?repository=&n=` */
export const missesQuery = z.object({
  repository: z.string().min(1).max(300).optional(),
  n: z.coerce.number().int().min(1).max(1_000).default(100),
});
export type MissesQuery = z.infer<typeof missesQuery>;

export const missReason = z.enum([
  /** Never seen here before. */
  'first-pull',
  /** Upstream gave the tag a new digest. */
  'tag-moved',
  /** It was here, and went to make room. */
  'evicted',
  /** It was here, and somebody deleted it. */
  'deleted',
  /** It was here, and its bytes were found wrong. */
  'damaged',
  /** It was asked for before, but could not be kept: the disk was full, or the fill failed. */
  'not-kept',
  /** Upstream has no such thing, or does not give it to us. */
  'not-found-upstream',
  'upstream-failed',
  /** What the tag names upstream is younger than `tags.minAge` allows. */
  'too-young',
]);
export type MissReason = z.infer<typeof missReason>;

export const missEntry = z.object({
  at: time,
  repository: z.string(),
  /** The tag or digest that was asked for. */
  reference: z.string(),
  kind: z.enum(['manifest', 'blob']),
  reason: missReason,
  /** When it was evicted, deleted, found damaged; else null. */
  since: time.nullable(),
  /** One sentence more, such as the failure or the tag's old digest; null where there is nothing to add. */
  detail: z.string().nullable(),
});
export type MissEntry = z.infer<typeof missEntry>;

/** Newest first, since the server started, at most a thousand. */
export const missesAnswer = z.object({ misses: z.array(missEntry) });
export type MissesAnswer = z.infer<typeof missesAnswer>;
