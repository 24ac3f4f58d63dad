import { RegistryError } from './registry-error.ts';
import type { RegistryUrl } from './registry-url.ts';

/**
 * Where a `Location` leads: relative or absolute, with whatever query it has, which is the registry's own business. A
 * registry behind a proxy that ends TLS often names itself with http; that is put right instead of followed.
 *
 * @throws RegistryError where it is missing, no HTTP URL, or leads from https to http elsewhere
 */
export function locationOf(
  field: string | undefined,
  from: URL,
  registry: RegistryUrl,
  what: string,
): URL {
  if (field === undefined || !URL.canParse(field, from.href)) {
    throw new RegistryError(`${what}: the answer does not say where to go on`);
  }
  const url = new URL(field, from);
  url.username = '';
  url.password = '';
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    if (url.hostname !== registry.hostname) {
      throw new RegistryError(`${what}: the answer leads from https to http`);
    }
    url.protocol = 'https:';
    url.port = registry.port;
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new RegistryError(`${what}: the answer leads to what is no HTTP URL`);
  }
  return url;
}

/** The same URL with one more query value; what it has stays byte for byte, since it may be signed. */
export function withQuery(url: URL, key: string, value: string): URL {
  const joint = url.search === '' ? '?' : '&';
  return new URL(`${url.href.replace(/\?$/, '')}${joint}${key}=${encodeURIComponent(value)}`);
}
