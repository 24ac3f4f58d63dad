import type { Clock } from '../../clock.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';
import { Authorizer } from '../auth/authorizer.ts';
import { UpstreamError } from '../errors.ts';
import { withRepeats } from './backoff.ts';
import type { Exchange } from './exchange.ts';
import { statusFailure } from './failure.ts';
import type { UpstreamOptions } from './options.ts';
import { isRedirect, MAX_REDIRECTS, redirectTarget } from './redirect.ts';
import { TimeBudget } from './time-budget.ts';
import { type Hop, Transport } from './transport.ts';
import { withinTime } from './within-time.ts';

/** Tokens are a few KiB; errors less. */
const MAX_TOKEN_BYTES = 64 * 1024;

/** One thing asked of the registry, whatever it takes. */
export interface RegistryRequest extends Hop {
  readonly repository: RepositoryName;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: Exchange['headers'];
  readonly content: Buffer;
}

interface Reached {
  readonly exchange: Exchange;
  /** Some hop led to another origin. */
  readonly foreign: boolean;
}

/** Asks the registry and brings back nothing but success: with its tokens, along its redirects, within the time limits. */
export class Requester {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #timeLimit: number;
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;

  constructor(options: UpstreamOptions) {
    this.#name = options.name;
    this.#clock = options.clock;
    this.#timeLimit = options.timeouts.headers;
    this.#transport = new Transport(options);
    this.#authorizer = new Authorizer({
      name: options.name,
      url: new URL(options.url),
      credentials: options.credentials,
      clock: options.clock,
      fetchToken: (url, authorization) => this.#fetchToken(url, authorization),
    });
  }

  /**
   * An answer of status 200, read in whole: at most `max` bytes. Repeated after failures that pass by themselves.
   */
  async whole(request: RegistryRequest, max: number, signal?: AbortSignal): Promise<WholeAnswer> {
    const budget = new TimeBudget(this.#timeLimit, this.#clock);
    const ask = async () => {
      const exchange = await this.#ask(request, [200], budget, signal);
      const { status, headers } = exchange;
      return { status, headers, content: await exchange.whole(max) };
    };
    return await withRepeats(ask, budget, signal);
  }

  /** An answer of status 200 or 206 with its headers in, its body still to come. Not repeated. */
  async open(request: RegistryRequest, signal?: AbortSignal): Promise<Exchange> {
    const budget = new TimeBudget(this.#timeLimit, this.#clock);
    return await this.#ask(request, [200, 206], budget, signal);
  }

  close(): void {
    this.#transport.close();
  }

  async #ask(
    request: RegistryRequest,
    wanted: readonly number[],
    budget: TimeBudget,
    signal: AbortSignal | undefined,
  ): Promise<Exchange> {
    const { repository, what } = request;
    let authorization = this.#authorizer.known(repository);
    for (let answers = 0; ; answers++) {
      const { exchange, foreign } = await this.#follow(request, authorization, budget, signal);
      const { status, headers } = exchange;
      if (wanted.includes(status)) return await this.#unencoded(exchange, what);
      const body = await exchange.discard();
      const field = headers['www-authenticate'];
      // Only the registry itself is authenticated with, and a second refusal is the answer.
      if (status !== 401 || foreign || answers > 0 || field === undefined) {
        const fromStorage = foreign && request.kind === 'blob';
        throw statusFailure({ status, headers, body, fromStorage }, what, this.#clock.now());
      }
      const answer = this.#authorizer.answer(field, repository, authorization);
      authorization = await withinTime(answer, budget.left, what, signal);
    }
  }

  /** Sends the request, and again to wherever it is redirected. */
  async #follow(
    request: RegistryRequest,
    authorization: string | undefined,
    budget: TimeBudget,
    signal: AbortSignal | undefined,
  ): Promise<Reached> {
    let { url } = request;
    let foreign = false;
    for (let redirects = 0; ; redirects++) {
      // Once away from the registry's origin nothing brings the credential back, not even a redirect home (CVE-2024-45336).
      const credential = authorization !== undefined && !foreign ? { authorization } : {};
      const hop = { ...request, url, headers: { ...request.headers, ...credential } };
      const exchange = await this.#transport.send(hop, budget, signal);
      if (!isRedirect(exchange.status)) return { exchange, foreign };
      await exchange.discard();
      if (redirects === MAX_REDIRECTS) {
        throw new UpstreamError('bad-answer', `${request.what}: more than 5 redirects`);
      }
      url = redirectTarget(url, exchange.headers.location, request.what);
      foreign ||= url.origin !== request.url.origin;
    }
  }

  /** Some servers compress whatever is asked; digest and length would be those of other bytes. */
  async #unencoded(exchange: Exchange, what: string): Promise<Exchange> {
    const encoding = exchange.headers['content-encoding']?.trim().toLowerCase() ?? '';
    if (encoding === '' || encoding === 'identity') return exchange;
    await exchange.discard();
    throw new UpstreamError('bad-answer', `${what}: encoded although identity was asked for`, {
      status: exchange.status,
    });
  }

  /** Not along redirects: nobody but the judged realm gets credentials. Shared by many callers, so no signal of theirs counts. */
  async #fetchToken(url: URL, authorization: string | undefined): Promise<Uint8Array> {
    const what = `${this.#name}: GET token from ${url.host}`;
    const budget = new TimeBudget(this.#timeLimit, this.#clock);
    const headers = authorization === undefined ? {} : { authorization };
    const ask = async () => {
      const hop: Hop = { kind: 'token', method: 'GET', url, headers, what };
      const exchange = await this.#transport.send(hop, budget);
      if (exchange.status === 200) {
        return await (await this.#unencoded(exchange, what)).whole(MAX_TOKEN_BYTES);
      }
      const { status, headers: answered } = exchange;
      const body = await exchange.discard();
      if (isRedirect(status)) {
        throw new UpstreamError('denied', `${what}: redirected`, { status });
      }
      if (status === 404) {
        // Nothing about any repository: there is no token server there.
        throw new UpstreamError('bad-answer', `${what}: status 404`, { status });
      }
      const failure = { status, headers: answered, body, fromStorage: false };
      throw statusFailure(failure, what, this.#clock.now());
    };
    return await withRepeats(ask, budget);
  }
}
