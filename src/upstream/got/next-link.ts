import type { IncomingHttpHeaders } from 'node:http';

/**
 * The target of the `rel="next"` link among the headers' Link fields (RFC 8288), or undefined. A URL may hold commas and
 * semicolons, so links are told apart by their angle brackets.
 *
 * @param base - the URL of the request, for relative targets
 */
export function nextLink(headers: IncomingHttpHeaders, base: URL): URL | undefined {
  const field = String(headers['link'] ?? '');
  for (const [, target = '', parameters = ''] of field.matchAll(/<([^>]*)>([^<]*)/g)) {
    const isNext = /;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\s*(?:[;,]|$))/i;
    if (isNext.test(parameters) && URL.canParse(target, base.href)) return new URL(target, base);
  }
  return undefined;
}
