import type { Clock } from '../../clock.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { UpstreamError } from '../errors.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { basicAuthorization, type Credentials } from './credentials.ts';
import { judgeRealm } from './realm.ts';
import { type FetchToken, TokenSource } from './token.ts';

export interface AuthorizerOptions {
  /** The configured name, for messages. */
  readonly name: string;
  readonly url: URL;
  readonly credentials: Credentials | null;
  readonly clock: Clock;
  /** GETs a token server's answer of status 200, with this Authorization where there is one. */
  readonly fetchToken: (url: URL, authorization: string | undefined) => Promise<Uint8Array>;
}

/** Knows what to send as Authorization to one upstream, and never asks for more than the right to pull. */
export class Authorizer {
  readonly #name: string;
  readonly #url: URL;
  readonly #basic: string | undefined;
  readonly #tokens: TokenSource;
  /** The upstream has asked for Basic before: it is sent unasked from then on. */
  #usesBasic = false;

  constructor({ name, url, credentials, clock, fetchToken }: AuthorizerOptions) {
    this.#name = name;
    this.#url = url;
    this.#basic = credentials === null ? undefined : basicAuthorization(credentials);
    const fetch: FetchToken = (tokenUrl) => fetchToken(tokenUrl, this.#basic);
    this.#tokens = new TokenSource(fetch, clock);
  }

  /** What to send without being asked: a token that is still good saves the round trip of a 401. */
  known(repository: RepositoryName): string | undefined {
    if (this.#usesBasic) return this.#basic;
    const token = this.#tokens.cached(repository);
    return token === undefined ? undefined : `Bearer ${token}`;
  }

  /**
   * What to send after a 401.
   *
   * @param field - the WWW-Authenticate field of the 401
   * @param sent - the Authorization that was refused
   * @throws UpstreamError - `denied` where no challenge can be met or policy forbids it; or why no token could be had
   */
  async answer(
    field: string,
    repository: RepositoryName,
    sent: string | undefined,
  ): Promise<string> {
    const challenges = parseChallenges(field);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer) {
      this.#usesBasic = false;
      if (sent?.startsWith('Bearer ') === true) {
        this.#tokens.refused(repository, sent.slice('Bearer '.length));
      }
      // Others were challenged at the same time, and one of them may have brought a token meanwhile.
      const newer = this.#tokens.cached(repository);
      if (newer !== undefined) return `Bearer ${newer}`;
      const url = await this.#tokenUrl(bearer, repository);
      return `Bearer ${await this.#tokens.fetch(repository, url)}`;
    }
    if (challenges.some(({ scheme }) => scheme === 'basic')) {
      if (this.#basic !== undefined && sent !== this.#basic) {
        this.#usesBasic = true;
        return this.#basic;
      }
      throw this.#denied(
        this.#basic === undefined ? 'credentials are needed' : 'the credentials were refused',
      );
    }
    throw this.#denied('it offers no way to authenticate that is known here');
  }

  async #tokenUrl({ parameters }: Challenge, repository: RepositoryName): Promise<URL> {
    const verdict = await judgeRealm(parameters.get('realm'), this.#url);
    if (!verdict.ok) throw this.#denied(verdict.problem);
    const { url } = verdict;
    const service = parameters.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', pullScope(parameters.get('scope'), repository));
    return url;
  }

  #denied(problem: string): UpstreamError {
    return new UpstreamError('denied', `${this.#name}: ${problem}`, { status: 401 });
  }
}

/**
 * The registry may know the repository by another name than its URL does (behind a rewriting proxy); its challenge tells it.
 * Whatever else the challenge would have us ask for, only `pull` is.
 */
function pullScope(offered: string | undefined, repository: RepositoryName): string {
  const name = /^repository:([^\s:]+):[^\s:]*$/.exec(offered ?? '')?.[1];
  return `repository:${name ?? repository}:pull`;
}
