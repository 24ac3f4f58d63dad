import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Request } from 'got';
import { UpstreamError } from '../errors.ts';

export interface AbandonTerms {
  /** Milliseconds until there is a connection. */
  readonly connect: number;
  /** Milliseconds until the answer is in: in whole, or its headers if `answered` is called then. */
  readonly answer: number;
  /** Each of them ends the exchange, with its reason. */
  readonly signals: readonly AbortSignal[];
  /** The request, for messages: upstream, method, what. */
  readonly what: string;
}

/** Everything that makes us give up on an exchange: signals and time limits. */
export class Abandon {
  /** Why we gave up; what then fails on the wire is only the echo. */
  reason: Error | undefined;
  readonly #stream: Request;
  readonly #terms: AbandonTerms;
  readonly #connect: NodeJS.Timeout;
  readonly #answer: NodeJS.Timeout;

  constructor(stream: Request, terms: AbandonTerms) {
    this.#stream = stream;
    this.#terms = terms;
    const { connect, answer, signals } = terms;
    this.#connect = setTimeout(() => {
      this.now('timeout', `no connection within ${connect} ms`);
    }, connect);
    this.#answer = setTimeout(() => {
      this.now('timeout', 'no answer within the time limit');
    }, answer);
    stream.once('request', (request: ClientRequest) => {
      request.once('socket', (socket) => {
        this.#watch(request, socket);
      });
    });
    for (const signal of signals) signal.addEventListener('abort', this.#abort);
    if (signals.some((signal) => signal.aborted)) this.#abort();
  }

  now(kind: UpstreamError['kind'], problem: string): void {
    this.#give(new UpstreamError(kind, `${this.#terms.what}: ${problem}`));
  }

  /** The headers are in and the body may take as long as it likes. */
  answered(): void {
    clearTimeout(this.#answer);
  }

  disarm(): void {
    clearTimeout(this.#connect);
    clearTimeout(this.#answer);
    for (const signal of this.#terms.signals) signal.removeEventListener('abort', this.#abort);
  }

  readonly #abort = (): void => {
    const aborted = this.#terms.signals.find((signal) => signal.aborted);
    this.#give(aborted?.reason as Error);
  };

  #give(reason: Error): void {
    this.reason ??= reason;
    this.#stream.destroy(reason);
    // An answer that has arrived in whole would wait for its reader for ever.
    this.#stream.response?.destroy();
  }

  #watch(request: ClientRequest, socket: Socket): void {
    const connected = () => {
      clearTimeout(this.#connect);
    };
    // The socket of a proxy is connected when it comes here; TLS through it is not.
    const secure = request.protocol === 'https:';
    if (request.reusedSocket || (!secure && !socket.connecting)) connected();
    else socket.once(secure ? 'secureConnect' : 'connect', connected);
  }
}
