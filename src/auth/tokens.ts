/** Bearer tokens (distribution, "Token Authentication Implementation"): JWTs that this server signs for itself. */
import { createHash, randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import type { Clock } from '../clock.ts';
import type { Accounts } from './accounts.ts';
import type { Asker } from './asker.ts';
import type { Scope } from './scope.ts';

/** Both ends of every token, and `service` of the challenge. */
export const SERVICE = 'holdfast';
const ALGORITHM = 'HS256';

/** Seconds. Clients fetch another one by themselves; running transfers are not cut. */
export const TOKEN_LIFETIME = 300;

/** Bytes of tokens whose signature need not be checked again; a token of one scope has some 400. */
const MAX_REMEMBERED_BYTES = 4_000_000;

const claimsSchema = z.object({
  exp: z.number(),
  sub: z.string().optional(),
  /** Of the account's password. */
  pwd: z.string().optional(),
  access: z.array(
    z.object({
      type: z.enum(['repository', 'registry']),
      name: z.string(),
      actions: z.array(z.string()),
    }),
  ),
});

type Claims = z.infer<typeof claimsSchema>;

export class Tokens {
  readonly #key: Uint8Array;
  readonly #accounts: Accounts;
  readonly #clock: Clock;
  readonly #known = new LRUCache<string, Claims>({
    maxSize: MAX_REMEMBERED_BYTES,
    sizeCalculation: (_, token) => token.length,
  });

  constructor(key: Uint8Array, accounts: Accounts, clock: Clock) {
    this.#key = key;
    this.#accounts = accounts;
    this.#clock = clock;
  }

  /** A token for an account, or for nobody in particular. `scopes` bound what it is good for; they give no right. */
  issue(account: string | undefined, scopes: readonly Scope[]): Promise<string> {
    const now = this.#seconds();
    const owner = account === undefined ? {} : this.#owner(account);
    return new SignJWT({ ...owner, access: scopes })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(SERVICE)
      .setAudience(SERVICE)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + TOKEN_LIFETIME)
      .sign(this.#key);
  }

  /** Whose token it is, or undefined where it is none of ours, has expired, or its account is gone or has another password. */
  async read(token: string): Promise<Asker | undefined> {
    const claims = this.#known.get(token) ?? (await this.#verify(token));
    if (!claims || claims.exp <= this.#seconds()) return undefined;
    const { sub, pwd, access } = claims;
    if (sub === undefined) return { kind: 'anonymous', hasToken: true };
    const hash = this.#accounts.hashOf(sub);
    if (hash === undefined || passwordMark(hash) !== pwd) return undefined;
    return { kind: 'account', name: sub, scopes: access };
  }

  /** An account that has just gone is nobody. */
  #owner(account: string): { sub?: string; pwd?: string } {
    const hash = this.#accounts.hashOf(account);
    return hash === undefined ? {} : { sub: account, pwd: passwordMark(hash) };
  }

  async #verify(token: string): Promise<Claims | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: [ALGORITHM],
        issuer: SERVICE,
        audience: SERVICE,
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['exp', 'iat', 'access'],
      });
      const { data: claims } = claimsSchema.safeParse(payload);
      if (claims) this.#known.set(token, claims);
      return claims;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  #seconds(): number {
    return Math.floor(this.#clock.now() / 1_000);
  }
}

/** Tells passwords of an account apart, and nothing else: the stored hash has a salt of its own. */
function passwordMark(hash: string): string {
  return createHash('sha256').update(hash).digest('base64url').slice(0, 22);
}
