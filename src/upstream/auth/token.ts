import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import type { Clock } from '../../clock.ts';
import { UpstreamError } from '../errors.ts';

/** What a token server answered with status 200. */
const tokenBody = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  expires_in: z.number().nullish(),
});

/** A token without `expires_in` is good for this long (distribution, "Token Authentication Specification"). */
const DEFAULT_MAX_AGE = 60_000;
/** Given up this early, so that it does not expire on its way through redirects. */
const RENEW_EARLY = 10_000;
/** One token per repository; those used last are kept. A token is a few KiB at most. */
const MAX_TOKENS = 1000;

/** GETs a token server's answer of status 200; every other outcome is an UpstreamError. */
export type FetchToken = (url: URL) => Promise<Uint8Array>;

/** The bearer tokens of one upstream, by scope. */
export class TokenSource {
  readonly #fetch: FetchToken;
  readonly #tokens: LRUCache<string, string>;
  readonly #flights = new Map<string, Promise<string>>();

  constructor(fetch: FetchToken, clock: Clock) {
    this.#fetch = fetch;
    this.#tokens = new LRUCache({ max: MAX_TOKENS, perf: clock, ttlResolution: 0 });
  }

  cached(scope: string): string | undefined {
    return this.#tokens.get(scope);
  }

  /** Forgets a token that upstream refused, unless it has been replaced meanwhile. */
  refused(scope: string, token: string): void {
    if (this.#tokens.peek(scope) === token) this.#tokens.delete(scope);
  }

  /** Asks for a token; who asks for the same scope meanwhile gets the same one. `url` names realm, service and scope. */
  fetch(scope: string, url: URL): Promise<string> {
    const running = this.#flights.get(scope);
    if (running) return running;
    const flight = this.#load(scope, url).finally(() => this.#flights.delete(scope));
    this.#flights.set(scope, flight);
    return flight;
  }

  async #load(scope: string, url: URL): Promise<string> {
    const { token, maxAge } = readToken(await this.#fetch(url), url);
    const ttl = maxAge - RENEW_EARLY;
    // To the cache a ttl of 0 means "for ever".
    if (ttl > 0) this.#tokens.set(scope, token, { ttl });
    return token;
  }
}

function readToken(content: Uint8Array, url: URL): { token: string; maxAge: number } {
  const body = tokenBody.safeParse(parseJson(content));
  // Some servers leave empty what they do not use.
  const token = [body.data?.token, body.data?.access_token].find(isText) ?? '';
  // Anything else would break, or add to, the header field that the token is put into.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new UpstreamError('bad-answer', `the token server ${url.host} gave no usable token`);
  }
  const seconds = body.data?.expires_in;
  return { token, maxAge: seconds == null ? DEFAULT_MAX_AGE : seconds * 1000 };
}

function isText(value: string | null | undefined): value is string {
  return value != null && value !== '';
}

function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString());
  } catch {
    // Not JSON at all is one more way of not being a token.
    return undefined;
  }
}
