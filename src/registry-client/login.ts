import * as z from 'zod';
import { type Challenge, parseChallenges } from '../upstream/auth/challenge.ts';
import { judgeRealm } from '../upstream/auth/realm.ts';
import { refusal, RegistryError } from './registry-error.ts';
import type { RegistryUrl } from './registry-url.ts';
import type { Wire } from './wire.ts';

const tokenBody = z.object({ token: z.string().nullish(), access_token: z.string().nullish() });

/** Tokens are a few KiB. */
const MAX_TOKEN_BYTES = 64 * 1024;

/**
 * Knows what to send as Authorization. Credentials go to the registry and to a token realm of the same site, nowhere
 * else. Tokens are asked for with GET, as distribution's "Token Authentication Specification" has it.
 */
export class Login {
  readonly #url: RegistryUrl;
  readonly #wire: Wire;
  /** The Authorization field of an account; undefined: nobody in particular. */
  readonly #account: string | undefined;
  readonly #tokens = new Map<string, string>();
  #usesAccount = false;

  constructor(url: RegistryUrl, wire: Wire, account: string | undefined) {
    this.#url = url;
    this.#wire = wire;
    this.#account = account;
  }

  /** What to send without being asked. */
  known(scope: string): string | undefined {
    return this.#usesAccount ? this.#account : this.#tokens.get(scope);
  }

  /**
   * What to send after a 401.
   *
   * @param field - its WWW-Authenticate
   * @param sent - what was refused
   * @throws RegistryError where nothing is left to try
   */
  async answer(field: string, scope: string, sent: string | undefined): Promise<string> {
    const challenges = parseChallenges(field);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const account = this.#account;
    // A token of the account's own, from the environment, is good as it is, or not at all.
    if (account?.startsWith('Bearer ') === true && sent !== account) {
      this.#usesAccount = true;
      return account;
    }
    if (bearer && !this.#usesAccount) {
      const token = `Bearer ${await this.#fetchToken(bearer, scope)}`;
      this.#tokens.set(scope, token);
      return token;
    }
    const basic = challenges.some(({ scheme }) => scheme === 'basic');
    if (basic && account !== undefined && sent !== account) {
      this.#usesAccount = true;
      return account;
    }
    throw this.refused();
  }

  /** What to tell where nothing is left to try. */
  refused(): RegistryError {
    const { host } = this.#url;
    return new RegistryError(
      this.#account === undefined
        ? `${host} wants an account; state one with --user`
        : `${host} does not take this account or its password, or does not let it do this`,
      { status: 401 },
    );
  }

  async #fetchToken({ parameters }: Challenge, scope: string): Promise<string> {
    const verdict = await judgeRealm(parameters.get('realm'), this.#url);
    if (!verdict.ok) throw new RegistryError(`${this.#url.host}: ${verdict.problem}`);
    const { url } = verdict;
    const service = parameters.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    for (const one of scope.split(' ')) url.searchParams.append('scope', one);
    const what = `${url.host}: token`;
    const answer = await this.#wire.send({
      method: 'GET',
      url,
      ...(this.#account !== undefined && { headers: { authorization: this.#account } }),
      what,
    });
    if (answer.status !== 200) throw refusal(what, answer.status, await answer.short());
    const text = (await answer.whole(MAX_TOKEN_BYTES)).toString();
    const token = readToken(text);
    if (token !== undefined) return token;
    throw new RegistryError(`${what}: the answer has no usable token`);
  }
}

function readToken(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const body = tokenBody.safeParse(value).data;
  // Some servers leave empty what they do not use.
  const token = [body?.token, body?.access_token].find((one) => one != null && one !== '') ?? '';
  // Anything else would break, or add to, the header field that it is put into.
  return /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}
