/**
 * The token endpoint (distribution, "Token Authentication Specification" and "OAuth2 Token Authentication"). A token says
 * who asks and what for; whether that is allowed is decided when it is used.
 */
import { NOBODY } from '../auth/asker.ts';
import { parseScope, type Scope } from '../auth/scope.ts';
import { TOKEN_LIFETIME } from '../auth/tokens.ts';
import { OciError } from '../oci/error-codes.ts';
import { type Authentication, signIn, WRONG } from './authenticator.ts';
import { basicChallenge } from './challenge.ts';
import type { Context, Handler } from './context.ts';
import { parseAuthorization, type Password } from './credentials.ts';
import { readBody } from './read-body.ts';
import type { Services } from './services.ts';

/** Clients ask for two or three, one for each source of a mount; a token with all of them has to fit in a header. */
const MAX_SCOPES = 20;
/** Name, password and some scopes. */
const MAX_FORM_BYTES = 64 * 1024;

type TokenOptions = Pick<Services, 'access' | 'authentication'>;

export function getToken(options: TokenOptions): Handler {
  return async (ctx) => {
    const query = new URLSearchParams(ctx.querystring);
    await answer(ctx, options, passwordOf(ctx), query.getAll('scope'));
  };
}

/** OAuth 2 (RFC 6749 §4.3): containerd and Docker send a name and a password this way first. */
export function postToken(options: TokenOptions): Handler {
  return async (ctx) => {
    const body = await readBody(ctx, MAX_FORM_BYTES);
    const form = new URLSearchParams(Buffer.from(body).toString());
    // No other is issued; clients take up the GET where they are told so.
    if (form.get('grant_type') !== 'password') {
      throw new OciError('UNSUPPORTED', { status: 400, message: 'grant_type must be password' });
    }
    const name = form.get('username') ?? '';
    const password = form.get('password') ?? '';
    await answer(ctx, options, { name, password }, form.getAll('scope'));
  };
}

function passwordOf(ctx: Context): Password | undefined {
  const credentials = parseAuthorization(ctx.get('Authorization'));
  switch (credentials.kind) {
    case 'none':
      return undefined;
    case 'password':
      return credentials;
    case 'token':
    case 'unknown':
      throw basicChallenge('tokens are had for a name and a password');
  }
}

async function answer(
  ctx: Context,
  { access, authentication }: TokenOptions,
  password: Password | undefined,
  scopeTexts: readonly string[],
): Promise<void> {
  if (!authentication) throw new OciError('NAME_UNKNOWN', { message: 'there are no accounts' });
  const scopes = parseScopes(scopeTexts);
  const open = access.decide(NOBODY, 'pull') === 'allowed';
  const account = await accountOf(ctx, authentication, password, open && onlyPulls(scopes));
  if (account === undefined && !open) throw basicChallenge('pulls need an account here');
  const token = await authentication.tokens.issue(account, account === undefined ? [] : scopes);
  ctx.state.account = account;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = {
    token,
    access_token: token,
    expires_in: TOKEN_LIFETIME,
    issued_at: new Date(authentication.clock.now()).toISOString(),
    scope: scopeTexts.join(' '),
  };
}

/**
 * The account whose password it is; undefined: nobody's, which is enough for what anybody may pull. Docker's daemon, told to
 * use a registry as its mirror, signs in there with what it has for Docker Hub: that must not end its pull, nor may it be held
 * against its address.
 */
async function accountOf(
  ctx: Context,
  { logins }: Authentication,
  password: Password | undefined,
  lenient: boolean,
): Promise<string | undefined> {
  if (!password) return undefined;
  if (lenient) {
    const attempt = { ...password, address: ctx.ip, purpose: 'pulls' } as const;
    const { state } = await logins.check(attempt);
    return state === 'right' ? password.name : undefined;
  }
  if (await signIn(logins, password, ctx.ip)) return password.name;
  throw basicChallenge(WRONG);
}

function parseScopes(texts: readonly string[]): readonly Scope[] {
  const words = texts.flatMap((text) => text.split(' ')).filter((word) => word !== '');
  if (words.length > MAX_SCOPES) {
    throw new OciError('UNSUPPORTED', { status: 400, message: 'too many scopes' });
  }
  return words.map(parseScope).filter((scope) => scope !== undefined);
}

/** Somebody who asks for nothing wants to know whether the password is right. */
function onlyPulls(scopes: readonly Scope[]): boolean {
  return (
    scopes.length > 0 && scopes.every(({ actions }) => actions.every((action) => action === 'pull'))
  );
}
