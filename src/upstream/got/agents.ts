import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import { getProxyForUrl } from 'proxy-from-env';
import type { UpstreamOptions } from './options.ts';
import { TappedHttpAgent, TappedHttpsAgent } from './socket-tap.ts';

export interface AgentPair {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** An idle connection is closed before most servers and NAT boxes would drop it silently; ms. */
const KEEP_IDLE = 15_000;

type AgentOptions = Pick<UpstreamOptions, 'tls' | 'proxy' | 'maxConnections'>;

/** The kept-alive connections of one upstream, direct and through proxies. */
export class Agents {
  readonly #options: AgentOptions;
  readonly #secureContext: SecureContext | undefined;
  /** By URL of the proxy; '' is direct. */
  readonly #pairs = new Map<string, AgentPair>();

  constructor(options: AgentOptions) {
    this.#options = options;
    const { ca } = options.tls;
    // Made once: it holds every usual authority, too much work for each connection. They stay
    // trusted, because a registry with an own authority may well redirect to a public CDN.
    this.#secureContext =
      ca === null ? undefined : createSecureContext({ ca: [...rootCertificates, ca] });
  }

  /** The URL of the proxy for this target, or undefined. */
  proxyFor(url: URL): string | undefined {
    const proxy = this.#options.proxy ?? getProxyForUrl(url.href);
    return proxy === '' ? undefined : proxy;
  }

  for(url: URL): AgentPair {
    const proxy = this.proxyFor(url);
    const key = proxy ?? '';
    const made = this.#pairs.get(key) ?? this.#make(proxy);
    this.#pairs.set(key, made);
    return made;
  }

  close(): void {
    for (const { http, https } of this.#pairs.values()) {
      http.destroy();
      https.destroy();
    }
  }

  #make(proxy: string | undefined): AgentPair {
    const { tls, maxConnections } = this.#options;
    const http = { keepAlive: true, maxFreeSockets: maxConnections, timeout: KEEP_IDLE };
    const https = {
      ...http,
      rejectUnauthorized: !tls.insecureSkipVerify,
      ...(this.#secureContext && { secureContext: this.#secureContext }),
    };
    if (proxy === undefined) {
      return { http: new TappedHttpAgent(http), https: new TappedHttpsAgent(https) };
    }
    return {
      http: new HttpProxyAgent({ ...http, proxy }),
      https: new HttpsProxyAgent({ ...https, proxy }),
    };
  }
}
