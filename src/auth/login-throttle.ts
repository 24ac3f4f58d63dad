/**
 * Slows down guessing. Attempts that come too early are refused unlooked at, so nothing is held open for them, and what is
 * remembered of them is bounded.
 */
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';

/** Typing errors, and clients that try a stored password several times, cost nothing. */
const FREE_PER_NAME = 5;
/** Of all names together: many people may be behind one address. */
const FREE_PER_ADDRESS = 50;
const FIRST_WAIT_MS = 1_000;
/** Who has the right password after all waits no longer than this. */
const MAX_WAIT_MS = 30_000;
/** So long after the last attempt it is as if there had been none. */
const FORGET_MS = 15 * 60_000;
/** Names and addresses that are remembered; an entry takes some 200 bytes. */
const MAX_REMEMBERED = 20_000;

interface Attempts {
  count: number;
  last: number;
  /** No attempt is looked at before. */
  until: number;
}

export class LoginThrottle {
  readonly #clock: Clock;
  readonly #attempts = new LRUCache<string, Attempts>({ max: MAX_REMEMBERED });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Counts an attempt, which is a failure until `succeeded` says otherwise: many at once must not get through before the first
   * of them has failed. Returns 0, or how long the client has to wait (ms); then the attempt does not count.
   */
  admit(name: string, address: string): number {
    const now = this.#clock.now();
    const byName = this.#of(nameKey(name, address), now);
    const byAddress = this.#of(addressKey(address), now);
    const until = Math.max(byName.until, byAddress.until);
    if (until > now) return until - now;
    count(byName, FREE_PER_NAME, now);
    count(byAddress, FREE_PER_ADDRESS, now);
    return 0;
  }

  /** The attempt was right. Failures under other names from there still count. */
  succeeded(name: string, address: string): void {
    this.#attempts.delete(nameKey(name, address));
    const byAddress = this.#attempts.get(addressKey(address));
    if (!byAddress) return;
    byAddress.count = Math.max(0, byAddress.count - 1);
    if (byAddress.count <= FREE_PER_ADDRESS) byAddress.until = 0;
  }

  #of(key: string, now: number): Attempts {
    const known = this.#attempts.get(key);
    if (known && now - known.last < FORGET_MS) {
      // The clock may have been set back since.
      known.until = Math.min(known.until, now + MAX_WAIT_MS);
      return known;
    }
    const fresh = { count: 0, last: now, until: 0 };
    this.#attempts.set(key, fresh);
    return fresh;
  }
}

function count(attempts: Attempts, free: number, now: number): void {
  attempts.count += 1;
  attempts.last = now;
  const beyond = attempts.count - free;
  if (beyond < 0) return;
  attempts.until = now + Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(beyond, 16));
}

const nameKey = (name: string, address: string): string => `${network(address)} ${name}`;
const addressKey = (address: string): string => network(address);

/** Whoever has one IPv6 address has 2^64 of them (RFC 6177). */
function network(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  return parsed.parts.slice(0, 4).join(':');
}
