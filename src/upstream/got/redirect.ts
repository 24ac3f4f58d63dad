import { UpstreamError } from '../errors.ts';

/** More than any registry needs; fewer than loop detection elsewhere. */
export const MAX_REDIRECTS = 5;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * Where a Location field leads. Whether the address behind it may be dialled is decided when connecting.
 *
 * @param what - the request, for messages; the location itself is never in them, its query may be a signature
 * @throws UpstreamError - `denied` if it leaves https, `bad-answer` if it is no HTTP URL
 */
export function redirectTarget(from: URL, location: string | undefined, what: string): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw new UpstreamError('bad-answer', `${what}: redirected to nowhere`);
  }
  const target = new URL(location, from);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw new UpstreamError('bad-answer', `${what}: redirected to a URL that is not HTTP`);
  }
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    throw new UpstreamError('denied', `${what}: redirected from https to http`);
  }
  // User information would be sent as credentials.
  target.username = '';
  target.password = '';
  return target;
}
