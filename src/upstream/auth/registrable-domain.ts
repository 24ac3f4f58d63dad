import { getDomain } from 'tldts';

/**
 * The part of a host name that somebody can register (`docker.io` of `auth.docker.io`), by the list of public suffixes.
 * Private suffixes (`github.io` and others) part their customers, as public ones do. Null: an IP address, or a suffix itself.
 */
export function registrableDomain(host: string): string | null {
  return getDomain(host, { allowPrivateDomains: true });
}
