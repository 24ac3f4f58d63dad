/**
 * Warm pulls past Koa. An answer that was found in the store is kept as it went out; who asks for the same next gets it again,
 * as long as nothing has been written and a tag is fresh. Everything else, and whatever is not plain, is the router's.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Again } from '../registry/content.ts';
import type { Context, RequestState } from './context.ts';
import { observe, type Report } from './request-observer.ts';

/** Bytes of bodies and headers; as many as `ManifestBytes` holds, which the bodies are shared with. */
const MAX_BYTES = 64 * 1024 * 1024;
/** What the headers and the key take, about. */
const HEADERS_BYTES = 2 * 1024;
/** Characters. A name, a digest and an `ns` take less; a made-up query would take more memory than is counted. */
const LONGEST_KEY = 1024;

/** A request with one of these may be answered otherwise than the next one. */
const NOT_PLAIN = [
  'authorization',
  'origin',
  'if-none-match',
  'range',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-sendfile-type',
] as const;

interface WarmAnswer {
  readonly again: Again;
  readonly path: string;
  /** Name, value, name, value: as Node writes them fastest. */
  readonly headers: string[];
  readonly body: Uint8Array | undefined;
  readonly state: RequestState;
}

/** Of one listener: what an address means differs between them. */
export class WarmAnswers {
  readonly #report: Report;
  readonly #answers = new LRUCache<string, WarmAnswer>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }) => HEADERS_BYTES + (body?.byteLength ?? 0),
  });

  constructor(report: Report) {
    this.#report = report;
  }

  /** Answers and says true, or leaves the request as it is. */
  answer(req: IncomingMessage, res: ServerResponse): boolean {
    const key = keyOf(req);
    const known = key === undefined ? undefined : this.#answers.get(key);
    if (key === undefined || known === undefined) return false;
    const { again, path, headers, body, state } = known;
    if (!again.isSame()) {
      this.#answers.delete(key);
      return false;
    }
    again.use();
    observe({ req, res, path, state, remoteAddress: req.socket.remoteAddress }, this.#report);
    res.writeHead(200, headers);
    res.end(body);
    return true;
  }

  /** Keeps what the router has just answered, where it may be given again. */
  keep({ req, res, path, state }: Pick<Context, 'req' | 'res' | 'path' | 'state'>): void {
    const { again, operation, outcome, source, sentBytes } = state;
    if (!again || operation === undefined || !outcome || !source) return;
    const key = keyOf(req);
    if (key === undefined) return;
    this.#answers.set(key, {
      again,
      path,
      headers: headersOf(res),
      body: again.body,
      state: { operation, outcome, source, sentBytes: sentBytes ?? 0 },
    });
  }
}

/** Undefined where more than the address decides what the answer is. */
function keyOf({ method, url = '', headers }: IncomingMessage): string | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (NOT_PLAIN.some((name) => headers[name] !== undefined)) return undefined;
  // With an `ns` it may matter which name this server is called by; and to a browser it does, which says what language it likes.
  const isByName = url.includes('?') || headers['accept-language'] !== undefined;
  const key = isByName ? `${method} ${url} ${headers.host}` : `${method} ${url}`;
  return key.length > LONGEST_KEY ? undefined : key;
}

/** The types know of these names, as they are spelled, on requests only. */
type RawNames = Pick<ClientRequest, 'getRawHeaderNames'>;

function headersOf(res: ServerResponse & Partial<RawNames>): string[] {
  const names = res.getRawHeaderNames?.() ?? res.getHeaderNames();
  return names.flatMap((name) => [name, String(res.getHeader(name))]);
}
