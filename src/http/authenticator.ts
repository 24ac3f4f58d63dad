/** Finds out who asks, from the credentials that a request brings along. */
import { type Asker, NOBODY } from '../auth/asker.ts';
import type { Logins } from '../auth/logins.ts';
import { covers } from '../auth/scope.ts';
import type { Tokens } from '../auth/tokens.ts';
import type { Clock } from '../clock.ts';
import { OciError } from '../oci/error-codes.ts';
import type { Access, Action, Resource } from './access.ts';
import { bearerChallenge, wantedScope } from './challenge.ts';
import type { Context } from './context.ts';
import { parseAuthorization, type Password } from './credentials.ts';
import { Permissions, type Visit } from './permissions.ts';
import { TOKEN_PATH } from './token-path.ts';

export interface Authentication {
  readonly logins: Logins;
  readonly tokens: Tokens;
  /** Where clients get tokens; null: at the address by which they reached this server. */
  readonly realm: string | null;
  readonly clock: Clock;
}

/** What a host may be spelled with (RFC 3986 §3.2.2): the realm must not say more than that. */
const HOST = /^[\w.-]+(?::\d+)?$|^\[[\da-f:.]+\](?::\d+)?$/i;

/**
 * With a token that is not good for the resource an account is anybody: a list would tell whoever has a token for one
 * repository of all others.
 */
function goodFor(resource: Resource, asker: Asker): Asker {
  if (asker.kind === 'anonymous' || !asker.scopes) return asker;
  const wanted = { type: 'registry', name: resource, actions: ['*'] } as const;
  return covers(asker.scopes, wanted) ? asker : { kind: 'anonymous', hasToken: true };
}

type Challenge = (options: {
  readonly error?: 'invalid_token';
  readonly message: string;
}) => OciError;

export class Authenticator {
  readonly #access: Access;
  readonly #authentication: Authentication | undefined;

  /** @param authentication - undefined: there are no accounts, and credentials that come along are not looked at */
  constructor(access: Access, authentication: Authentication | undefined) {
    this.#access = access;
    this.#authentication = authentication;
  }

  /**
   * What the request may do. UNAUTHORIZED where its credentials are wrong, TOOMANYREQUESTS where there were too many
   * wrong ones. At the mirror nobody's credentials are looked at.
   */
  async admit(
    ctx: Context,
    entrance: Visit['entrance'],
    action: Action,
    resource?: Resource,
  ): Promise<Permissions> {
    const realm = (): string => this.#realm(ctx);
    const name = ctx.params['name'];
    const challenge: Challenge = (options) =>
      bearerChallenge({ realm: realm(), scope: wantedScope(action, name, resource), ...options });
    const known = entrance === 'mirror' ? NOBODY : await this.#asker(ctx, challenge);
    if (known.kind === 'account') ctx.state.account = known.name;
    const asker = resource ? goodFor(resource, known) : known;
    return new Permissions(this.#access, { asker, entrance, name, realm });
  }

  /** Of a route that is for everybody. */
  anybody(): Permissions {
    return new Permissions(this.#access, {
      asker: NOBODY,
      entrance: 'mirror',
      name: undefined,
      realm: () => '',
    });
  }

  async #asker(ctx: Context, challenge: Challenge): Promise<Asker> {
    if (!this.#authentication) return NOBODY;
    const { logins, tokens } = this.#authentication;
    const credentials = parseAuthorization(ctx.get('Authorization'));
    switch (credentials.kind) {
      case 'none':
        return NOBODY;
      case 'token': {
        const asker = await tokens.read(credentials.token);
        if (asker) return asker;
        throw challenge({ error: 'invalid_token', message: 'invalid token' });
      }
      case 'password':
        if (await signIn(logins, credentials, ctx.ip)) {
          return { kind: 'account', name: credentials.name, scopes: undefined };
        }
        throw challenge({ message: WRONG });
      case 'unknown':
        throw challenge({ message: 'neither Basic nor Bearer' });
    }
  }

  #realm(ctx: Context): string {
    const configured = this.#authentication?.realm;
    if (configured != null) return configured;
    const { localAddress = '127.0.0.1', localPort = 0 } = ctx.req.socket;
    const local = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
    const host = HOST.test(ctx.host) ? ctx.host : `${local}:${localPort}`;
    return `${ctx.protocol}://${host}${TOKEN_PATH}`;
  }
}

/** What somebody is told who exists or does not, alike. */
export const WRONG = 'wrong user name or password';

/** Whether the password is right. TOOMANYREQUESTS where it was not looked at. */
export async function signIn(
  logins: Logins,
  { name, password }: Password,
  address: string,
): Promise<boolean> {
  const login = await logins.check({ name, password, address });
  switch (login.state) {
    case 'right':
      return true;
    case 'wrong':
      return false;
    case 'slowed':
      throw new OciError('TOOMANYREQUESTS', {
        message: 'too many failed logins',
        headers: { 'Retry-After': String(Math.ceil(login.retryAfter / 1_000)) },
      });
  }
}
