import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Request } from 'got';
import { UpstreamError } from '../errors.ts';
import { Abandon, type AbandonTerms } from './abandon.ts';
import { networkFailure } from './failure.ts';
import { largeBody } from './large-body.ts';

/** Bodies that are not wanted (errors, redirects) are read this far, so that the connection can be used again. */
const MAX_UNWANTED_BYTES = 64 * 1024;

export interface ExchangeTerms extends AbandonTerms {
  /** Called once for an exchange that was opened, when nothing of it is on the wire any more. */
  readonly onOver: (exchange: Exchange) => void;
}

/**
 * One request on the wire, and its answer. Exactly one of `whole`, `discard` and `stream` must be called on it; the
 * signal covers the body too.
 *
 * The body is read from node's own response, a large one from the socket below: got's stream around it would be one more
 * buffer that every chunk goes through.
 */
export class Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly #stream: Request;
  readonly #response: IncomingMessage;
  readonly #terms: ExchangeTerms;
  readonly #abandon: Abandon;
  #bytes = 0;
  #over = false;

  private constructor(
    stream: Request,
    response: IncomingMessage,
    terms: ExchangeTerms,
    abandon: Abandon,
  ) {
    this.#stream = stream;
    this.#response = response;
    this.#terms = terms;
    this.#abandon = abandon;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    // A body that nobody reads yet must give back its connection too when the signal aborts it.
    response.once('close', () => {
      this.#end();
    });
  }

  /** Bytes of the body that have arrived. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when the headers of the answer are in. */
  static async open(stream: Request, terms: ExchangeTerms): Promise<Exchange> {
    const abandon = new Abandon(stream, terms);
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        // Stays for good: got reports later failures here as well, and they surface through the response.
        stream.on('error', reject);
        stream.once('response', (answer: IncomingMessage) => {
          resolve(answer);
        });
      });
      return new Exchange(stream, response, terms, abandon);
    } catch (error) {
      abandon.disarm();
      throw abandon.reason ?? networkFailure(error, terms.what);
    }
  }

  /** The whole body; `bad-answer` if there are more bytes than `max`. */
  async whole(max: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#read()) {
      chunks.push(chunk);
      if (this.#bytes > max) {
        throw new UpstreamError('bad-answer', `${this.#terms.what}: more than ${max} bytes`, {
          status: this.status,
        });
      }
    }
    return Buffer.concat(chunks);
  }

  /** The beginning of a body that is not wanted, for a message. Never fails: the answer has been judged by its status. */
  async discard(): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of this.#read()) {
        chunks.push(chunk);
        if (this.#bytes > MAX_UNWANTED_BYTES) break;
      }
    } catch {
      // What has come so far will do.
    }
    return Buffer.concat(chunks).subarray(0, MAX_UNWANTED_BYTES);
  }

  /**
   * The body as it arrives, for one reader. Fails if nothing comes for `idle` ms while the reader waits, or if the end comes before
   * `length` bytes. Leaving it closes the connection, also for a reader that has not begun.
   */
  stream(idle: number, length: number | undefined): AsyncIterable<Uint8Array> {
    this.#abandon.answered();
    const body = this.#timed(idle, length);
    const iterator: AsyncIterator<Uint8Array> = {
      next: () => body.next(),
      return: async () => {
        // A generator that has not begun skips its `finally`, and the connection would be held for ever.
        this.#end();
        await body.return(undefined);
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  async *#timed(idle: number, length: number | undefined): AsyncGenerator<Uint8Array> {
    let waiting = true;
    const timer = setTimeout(() => {
      // A reader that takes its time is no fault of upstream's; asking for more arms the timer again.
      if (waiting) this.#abandon.now('timeout', `nothing came for ${idle} ms`);
    }, idle);
    try {
      for await (const chunk of this.#read(length)) {
        waiting = false;
        yield chunk;
        waiting = true;
        timer.refresh();
      }
      if (length !== undefined && this.#bytes < length) {
        const message = `${this.#terms.what}: the body ended after ${this.#bytes} of ${length} bytes`;
        throw new UpstreamError('unreachable', message, { status: this.status });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async *#read(length?: number): AsyncGenerator<Uint8Array> {
    const large = largeBody(this.#response, length);
    try {
      for await (const chunk of large ?? (this.#response as AsyncIterable<Buffer>)) {
        this.#bytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw this.#abandon.reason ?? networkFailure(error, this.#terms.what);
    } finally {
      this.#end();
    }
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#abandon.disarm();
    // Read to its end, the connection is back with its agent; otherwise nobody will ever read the rest, or it was read past
    // the parser.
    if (!this.#response.readableEnded) this.#stream.destroy();
    this.#terms.onOver(this);
  }
}
