import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import { got, type Got } from 'got';
import { getProxyForUrl } from 'proxy-from-env';
import { RegistryError, wireFailure } from './registry-error.ts';

/** Answers that are no content (errors, tokens, session states) are a few KiB. */
const MAX_SHORT_BYTES = 64 * 1024;

const NOTHING = Buffer.alloc(0);

const CONNECT_TIMEOUT_MS = 10_000;
/** In which nothing at all moves. A registry may take minutes to put a large blob into its storage before it answers. */
const IDLE_TIMEOUT_MS = 10 * 60_000;

export type Method = 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

export interface WireRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream needs its Content-Length among the headers. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  /** For messages: no query, no credential. */
  readonly what: string;
}

/** An answer with its headers in. Exactly one of `short`, `whole` and `stream` is called. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body's beginning; what is more is dropped. Never fails: the status has been judged. */
  short(): Promise<Buffer>;
  /** The whole body. @throws RegistryError for more than `max` bytes */
  whole(max: number): Promise<Buffer>;
  stream(): AsyncIterable<Uint8Array>;
}

/** Which servers are believed to be who they say. */
export interface WireTrust {
  /** Any. */
  readonly insecure: boolean;
  /** PEM of the authorities, in the place of the usual ones. */
  readonly ca?: string | undefined;
}

/** Single requests, without redirects, logins or repeats. */
export class Wire {
  readonly #got: Got;
  readonly #agents: readonly (HttpAgent | HttpsAgent)[];

  /** @param url - of the registry: whether it is behind a proxy is the environment's to say */
  constructor(url: URL, { insecure, ca }: WireTrust) {
    const proxy = getProxyForUrl(url.href);
    const trust = { rejectUnauthorized: !insecure, ...(ca !== undefined && { ca }) };
    const options = { keepAlive: true, ...trust };
    const http = proxy === '' ? new HttpAgent(options) : new HttpProxyAgent({ ...options, proxy });
    const https =
      proxy === '' ? new HttpsAgent(options) : new HttpsProxyAgent({ ...options, proxy });
    this.#agents = [http, https];
    this.#got = got.extend({
      agent: { http, https },
      https: {
        rejectUnauthorized: !insecure,
        ...(ca !== undefined && { certificateAuthority: ca }),
      },
      decompress: false,
      followRedirect: false,
      throwHttpErrors: false,
      retry: { limit: 0 },
      timeout: {
        connect: CONNECT_TIMEOUT_MS,
        secureConnect: CONNECT_TIMEOUT_MS,
        socket: IDLE_TIMEOUT_MS,
      },
      // Digests are of the bytes as they are.
      headers: { 'accept-encoding': 'identity', 'user-agent': 'holdfast' },
    });
  }

  /** @throws RegistryError where there is no answer; whatever the body throws, if that was why */
  async send({ method, url, headers, body, what }: WireRequest): Promise<WireAnswer> {
    const watched = body === undefined || body instanceof Uint8Array ? undefined : watch(body);
    const stream = this.#got.stream(url, {
      method,
      headers: { ...headers },
      // Without one the stream would wait for somebody to write it.
      ...(method !== 'GET' && method !== 'HEAD' && { body: watched?.bytes ?? body ?? NOTHING }),
    });
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        // Stays: a body that breaks later is told here too, and is read from the response anyway.
        stream.on('error', reject);
        stream.once('response', resolve);
      });
      return answerOf(response, what);
    } catch (error) {
      if (watched?.failure !== undefined) throw watched.failure;
      throw wireFailure(what, error);
    }
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }
}

/** A body that remembers its own failure: the client would tell of a failed request. */
interface Watched {
  readonly bytes: AsyncIterable<Uint8Array>;
  failure: Error | undefined;
}

function watch(source: AsyncIterable<Uint8Array>): Watched {
  const watched: Watched = { bytes: read(), failure: undefined };
  return watched;

  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      watched.failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
}

function answerOf(response: IncomingMessage, what: string): WireAnswer {
  const stream = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* response as AsyncIterable<Buffer>;
    } catch (error) {
      throw wireFailure(what, error);
    }
  };
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    stream,
    whole: async (max) => {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of stream()) {
        size += chunk.byteLength;
        if (size > max) throw new RegistryError(`${what}: the answer has more than ${max} bytes`);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    },
    short: async () => {
      const chunks: Buffer[] = [];
      let size = 0;
      try {
        for await (const chunk of stream()) {
          size += chunk.byteLength;
          chunks.push(chunk);
          if (size > MAX_SHORT_BYTES) break;
        }
      } catch {
        // What has come so far will do.
      }
      return Buffer.concat(chunks);
    },
  };
}
