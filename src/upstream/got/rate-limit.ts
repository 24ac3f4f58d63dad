import type { IncomingHttpHeaders } from 'node:http';
import type { RateLimit } from './options.ts';

/** The pull limit as Docker Hub tells it: `ratelimit-limit: 100;w=21600`. Absent means unlimited, or another registry. */
export function rateLimitOf(headers: IncomingHttpHeaders): RateLimit | undefined {
  const limit = leadingNumber(headers['ratelimit-limit']);
  const remaining = leadingNumber(headers['ratelimit-remaining']);
  if (limit === undefined || remaining === undefined) return undefined;
  const window = /;\s*w=(\d+)/.exec(String(headers['ratelimit-limit'] ?? ''))?.[1];
  return { limit, remaining, ...(window !== undefined && { windowSeconds: Number(window) }) };
}

function leadingNumber(field: string | string[] | undefined): number | undefined {
  const digits = /^\s*(\d+)/.exec(String(field ?? ''))?.[1];
  return digits === undefined ? undefined : Number(digits);
}
