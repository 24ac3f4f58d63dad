import { setTimeout as sleep } from 'node:timers/promises';
import { locationOf } from './location.ts';
import type { Login } from './login.ts';
import { RegistryError, wireCode } from './registry-error.ts';
import type { RegistryUrl } from './registry-url.ts';
import type { Wire, WireAnswer, WireRequest } from './wire.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Answers after which the same request may well succeed. */
const TRANSIENT: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);
const TRIES = 4;
/** Doubled each time. */
export const FIRST_WAIT_MS = 500;
/** A registry that wants more is not waited for. */
const MAX_WAIT_MS = 60_000;

export interface ScopedRequest extends Omit<WireRequest, 'body'> {
  /** What a token has to be good for. */
  readonly scope: string;
  /** Small enough to be sent again. */
  readonly body?: Uint8Array;
}

/** Requests with their logins, redirects and repeats. */
export class Requester {
  readonly #url: RegistryUrl;
  readonly #wire: Wire;
  readonly #login: Login;
  readonly #firstWait: number;

  constructor(url: RegistryUrl, wire: Wire, login: Login, firstWait: number) {
    this.#url = url;
    this.#wire = wire;
    this.#login = login;
    this.#firstWait = firstWait;
  }

  /** Repeated after failures that pass by themselves; so only for what may be done twice. */
  async ask(request: ScopedRequest, most = TRIES): Promise<WireAnswer> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#try(request, tries < most);
      if (answer !== undefined && (tries === most || !TRANSIENT.has(answer.status))) return answer;
      const told = Number(answer?.headers['retry-after'] ?? 0) * 1000;
      await answer?.short();
      await this.pause(tries, Number.isFinite(told) ? told : 0);
    }
  }

  /** A request, again after a 401 that can be answered. Its redirects are followed where they may be. */
  async send(request: ScopedRequest): Promise<WireAnswer> {
    const { scope } = request;
    const sent = this.#login.known(scope);
    const answer = await this.#follow(request, sent);
    const field = answer.headers['www-authenticate'];
    if (answer.status !== 401 || field === undefined) return answer;
    await answer.short();
    const second = await this.#follow(request, await this.#login.answer(field, scope, sent));
    if (second.status !== 401) return second;
    await second.short();
    throw this.#login.refused();
  }

  /** A request whose body is there once: whoever sends it has made sure of the login before. */
  async sendBody(request: WireRequest & { readonly scope: string }): Promise<WireAnswer> {
    return await this.#wire.send(this.#authorized(request, this.#login.known(request.scope)));
  }

  /** Waits before try number `tries` + 1, at least for `told` ms. */
  async pause(tries: number, told = 0): Promise<void> {
    await sleep(Math.min(MAX_WAIT_MS, Math.max(told, this.#firstWait * 2 ** (tries - 1))));
  }

  async #try(request: ScopedRequest, mayFail: boolean): Promise<WireAnswer | undefined> {
    try {
      return await this.send(request);
    } catch (error) {
      if (mayFail && isCut(error)) return undefined;
      throw error;
    }
  }

  async #follow(request: ScopedRequest, authorization: string | undefined): Promise<WireAnswer> {
    let { url } = request;
    let credential = authorization;
    for (let redirects = 0; ; redirects++) {
      // Once away from the registry nothing brings the credential back, not even a redirect home (CVE-2024-45336).
      if (url.origin !== this.#url.origin) credential = undefined;
      const answer = await this.#wire.send(this.#authorized({ ...request, url }, credential));
      if (!REDIRECTS.has(answer.status)) return answer;
      await answer.short();
      // A 307 of what changes something goes on with the same method, here as for GET.
      const { what, method } = request;
      if (redirects === MAX_REDIRECTS) throw new RegistryError(`${what}: too many redirects`);
      if (method !== 'GET' && method !== 'HEAD' && answer.status !== 307 && answer.status !== 308) {
        throw new RegistryError(`${what}: redirected with ${answer.status}`);
      }
      url = locationOf(answer.headers.location, url, this.#url, what);
    }
  }

  /** Authorization goes to the registry's own origin only: storage behind a redirect has signed URLs. */
  #authorized<Request extends WireRequest>(
    request: Request,
    authorization: string | undefined,
  ): Request {
    if (authorization === undefined || request.url.origin !== this.#url.origin) return request;
    return { ...request, headers: { ...request.headers, authorization } };
  }
}

const CUTS: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Whether the connection failed in a way that may be over the next time. */
export function isCut(error: unknown): boolean {
  return error instanceof RegistryError && CUTS.has(wireCode(error.cause) ?? '');
}
