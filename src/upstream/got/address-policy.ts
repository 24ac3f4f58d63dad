import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address that policy forbids to dial. */
export class RefusedAddressError extends Error {
  override readonly name = 'RefusedAddressError';
  constructor(host: string) {
    super(`${host} is a private address; "allowPrivateNetwork" would allow it`);
  }
}

/**
 * Whether anybody on the internet can be reached at `address`: not loopback, private, link-local (cloud metadata), carrier-grade
 * NAT, multicast, reserved or tunnelled. IPv4 in IPv6 counts as what it stands for.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv6 && parsed.range() === 'rfc6052') {
    // NAT64 is the only way to IPv4 on IPv6-only networks: the last 32 bits are the real target.
    return new ipaddr.IPv4(parsed.toByteArray().slice(12)).range() === 'unicast';
  }
  return parsed.range() === 'unicast';
}

/** The host of a URL without the brackets of an IPv6 address. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function isPrivateLiteral(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return isIP(host) !== 0 && !isPublicAddress(host);
}

/**
 * Keeps upstream from sending us, by redirects and token realms, to addresses that only this machine can reach (SSRF). Names are
 * judged by the addresses that are really dialled, when connecting, so a changing DNS answer gets nobody past it.
 *
 * Always allowed: the upstream's own host and port, as configured; and, where its configured host is itself a
 * private address, that host on every port.
 */
export class AddressPolicy {
  readonly #upstream: URL;
  readonly #allowPrivateNetwork: boolean;
  readonly #lookup: typeof systemLookup;

  constructor(upstream: URL, allowPrivateNetwork: boolean, lookup = systemLookup) {
    this.#upstream = upstream;
    this.#allowPrivateNetwork = allowPrivateNetwork;
    this.#lookup = lookup;
  }

  /**
   * What to resolve the host of `url` with; undefined: as usual.
   *
   * @throws RefusedAddressError - where the host is already a forbidden address
   */
  lookupFor(url: URL): LookupFunction | undefined {
    if (this.#isTrusted(url)) return undefined;
    const host = bareHost(url);
    if (isPrivateLiteral(host)) throw new RefusedAddressError(host);
    return this.#publicLookup;
  }

  #isTrusted(url: URL): boolean {
    if (this.#allowPrivateNetwork) return true;
    if (url.hostname !== this.#upstream.hostname) return false;
    return port(url) === port(this.#upstream) || isPrivateLiteral(bareHost(this.#upstream));
  }

  readonly #publicLookup: LookupFunction = (host, options, callback) => {
    this.#lookup(host, { ...options, all: true }, (error, addresses) => {
      const usable: LookupAddress[] = error
        ? []
        : addresses.filter((a) => isPublicAddress(a.address));
      const [first] = usable;
      if (error) callback(error, []);
      else if (first === undefined) callback(new RefusedAddressError(host), []);
      else if (options.all === true) callback(null, usable);
      else callback(null, first.address, first.family);
    });
  };
}

function port(url: URL): string {
  if (url.port !== '') return url.port;
  return url.protocol === 'https:' ? '443' : '80';
}
