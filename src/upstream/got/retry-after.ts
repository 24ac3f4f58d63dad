/** No upstream can keep us away for longer by one header: Docker Hub's window, the longest in the field, is six hours. */
const MAX_RETRY_AFTER = 6 * 60 * 60 * 1000;

/**
 * Milliseconds that a Retry-After field asks to wait: seconds or an HTTP date (RFC 9110 §10.2.3). Undefined where it is
 * missing or says nothing.
 *
 * @param now - ms since the epoch
 */
export function parseRetryAfter(field: string | undefined, now: number): number | undefined {
  if (field === undefined) return undefined;
  const text = field.trim();
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), MAX_RETRY_AFTER);
}
