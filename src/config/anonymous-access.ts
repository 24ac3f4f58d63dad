import ipaddr from 'ipaddr.js';
import type { Config, ListenConfig } from './config.ts';

/** What a client may do without an account; each includes what stands before it. */
export type AnonymousAccess = 'none' | 'pull' | 'push';

/**
 * `auth.anonymous` with `auto` resolved: push if only this machine can connect and there are no accounts, else pull, so
 * that nobody on a network changes what everybody pulls.
 */
export function anonymousAccess(config: Pick<Config, 'auth' | 'listen'>): AnonymousAccess {
  const { anonymous, htpasswd } = config.auth;
  if (anonymous !== 'auto') return anonymous;
  return isLocalOnly(config.listen) && htpasswd === null ? 'push' : 'pull';
}

/** Whether only users of this machine can connect: a loopback address with no reverse proxy that lets others in. */
export function isLocalOnly({ host, reverseProxy }: ListenConfig): boolean {
  return isLoopback(host) && reverseProxy === null;
}

export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  // Four parts only: the library would also take `127.1`, which Node resolves as a name.
  return (
    (ipaddr.IPv4.isValidFourPartDecimal(host) || ipaddr.IPv6.isValid(host)) &&
    ipaddr.process(host).range() === 'loopback'
  );
}
