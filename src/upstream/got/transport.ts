import { setMaxListeners } from 'node:events';
import { got, type Got } from 'got';
import { UpstreamError } from '../errors.ts';
import { AddressPolicy, RefusedAddressError } from './address-policy.ts';
import { Agents } from './agents.ts';
import { ConnectionSlots } from './connection-slots.ts';
import { Exchange } from './exchange.ts';
import { errorCode, networkFailure } from './failure.ts';
import type { AnswerKind, UpstreamOptions } from './options.ts';
import { rateLimitOf } from './rate-limit.ts';
import type { TimeBudget } from './time-budget.ts';

/** One request, without redirects. */
export interface Hop {
  readonly kind: AnswerKind;
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** For messages: upstream, method and what is asked for; no query, no credential. */
  readonly what: string;
}

/** How requests of one upstream get onto the wire: connections, proxy, TLS, and where they may not go. */
export class Transport {
  readonly #options: UpstreamOptions;
  readonly #agents: Agents;
  readonly #addresses: AddressPolicy;
  readonly #slots: ConnectionSlots;
  readonly #got: Got;
  readonly #closing = new AbortController();

  constructor(options: UpstreamOptions) {
    // Every request listens to it for as long as it lasts; Node would call eleven of them a leak.
    setMaxListeners(0, this.#closing.signal);
    this.#options = options;
    this.#agents = new Agents(options);
    this.#addresses = new AddressPolicy(new URL(options.url), options.allowPrivateNetwork);
    this.#slots = new ConnectionSlots(options.maxConnections);
    this.#got = got.extend({
      // Bytes must arrive as upstream has them: digests and lengths are of those.
      decompress: false,
      followRedirect: false,
      retry: { limit: 0 },
      throwHttpErrors: false,
      strictContentLength: false,
      headers: { 'accept-encoding': 'identity', 'user-agent': 'holdfast' },
    });
  }

  /** Sends the request as soon as a connection slot is free; resolves when the headers of its answer are in. */
  async send(hop: Hop, budget: TimeBudget, signal?: AbortSignal): Promise<Exchange> {
    const use = hop.kind === 'blob' && hop.method === 'GET' ? 'body' : 'short';
    const release = await budget.suspend(() => this.#slot(use, signal));
    try {
      return await this.#exchange(hop, budget, signal, (exchange) => {
        release();
        this.#tell(hop, exchange);
      });
    } catch (error) {
      release();
      if (signal?.aborted !== true) this.#tell(hop);
      throw error;
    }
  }

  /** Cuts what is under way and refuses what comes. */
  close(): void {
    const { name } = this.#options;
    this.#closing.abort(new UpstreamError('unreachable', `${name}: the client is closed`));
    this.#slots.close();
    this.#agents.close();
  }

  async #slot(use: 'short' | 'body', signal: AbortSignal | undefined): Promise<() => void> {
    this.#closing.signal.throwIfAborted();
    try {
      return await this.#slots.acquire(use, signal);
    } catch (error) {
      this.#closing.signal.throwIfAborted();
      throw error;
    }
  }

  async #exchange(
    hop: Hop,
    budget: TimeBudget,
    signal: AbortSignal | undefined,
    onOver: (exchange: Exchange) => void,
  ): Promise<Exchange> {
    const { connect } = this.#options.timeouts;
    const { method, url, headers, what } = hop;
    for (;;) {
      const stream = this.#got.stream(url, {
        method,
        headers,
        agent: this.#agents.for(url),
        dnsLookup: this.#lookupFor(url, what),
      });
      try {
        return await Exchange.open(stream, {
          connect,
          answer: budget.left,
          signals: [this.#closing.signal, ...(signal ? [signal] : [])],
          what,
          onOver,
        });
      } catch (error) {
        // The server closed a kept-alive connection just as we took it. Each try uses one up, so this ends.
        const cause = error instanceof UpstreamError ? error.cause : undefined;
        const stale = stream.reusedSocket === true && errorCode(cause) === 'ECONNRESET';
        if (!stale) throw error;
      }
    }
  }

  #lookupFor(url: URL, what: string): ReturnType<AddressPolicy['lookupFor']> {
    try {
      const lookup = this.#addresses.lookupFor(url);
      // Behind a proxy it is the proxy that resolves names.
      return this.#agents.proxyFor(url) === undefined ? lookup : undefined;
    } catch (error) {
      if (error instanceof RefusedAddressError) throw networkFailure(error, what);
      throw error;
    }
  }

  #tell({ method, kind }: Hop, exchange?: Exchange): void {
    const rateLimit = exchange && rateLimitOf(exchange.headers);
    this.#options.onAnswer?.({
      upstream: this.#options.name,
      method,
      kind,
      status: exchange?.status,
      bytes: exchange?.bytes ?? 0,
      ...(rateLimit && { rateLimit }),
    });
  }
}
