import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.ts';

/** One request and its answer as they went over the wire. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The request's `Range`, where it had one. */
  readonly range: string | undefined;
  /** The request's `Authorization`, where it had one. */
  readonly authorization: string | undefined;
  /** Undefined until the answer's head is in, and for ever where the connection broke before. */
  status: number | undefined;
  /** What `Docker-Content-Digest` said. */
  digest: string | undefined;
  /** Of the answer's body, as received so far. */
  bytes: number;
}

const REQUEST_LINE = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r\n/;
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})/;
/** Enough for any request or answer head that a registry or its clients send. */
const MAX_HEAD_BYTES = 64 * 1024;
const TLS_HANDSHAKE_RECORD = 0x16;

/**
 * Passes TCP connections through to `port`, byte for byte, and notes the HTTP exchanges on them. It sits
 * below HTTP so that both sides meet each other and not a proxy's manners: TLS probes, broken
 * connections, header spelling. That works because nobody here pipelines: a request's head opens a chunk.
 */
export class Tap {
  readonly exchanges: Exchange[];
  /** It stays this one's while nothing listens there: clients must not find somebody else. */
  readonly #port: number;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #cutAfter = Number.POSITIVE_INFINITY;
  #hangs = false;

  private constructor(port: number, target: number, exchanges: Exchange[]) {
    this.exchanges = exchanges;
    this.#port = port;
    this.#target = target;
  }

  /** `exchanges`: a list that it shares with another. */
  static async open(target: number, exchanges: Exchange[] = []): Promise<Tap> {
    const tap = new Tap(await freePort(), target, exchanges);
    await tap.start();
    return tap;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens, after a `stop` on the same port as before. */
  async start(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (near) => this.#pass(near));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
  }

  /** Breaks the connection of the next answer whose body grows beyond `bytes`, once. */
  cutNextAfter(bytes: number): void {
    this.#cutAfter = bytes;
  }

  /** Breaks every connection, and from now on takes new ones and never answers. */
  async hang(): Promise<void> {
    await this.stop();
    this.#hangs = true;
    await this.start();
  }

  /** Breaks every connection and refuses new ones. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, 'close');
  }

  #pass(near: Socket): void {
    if (this.#hangs) {
      this.#hold(near);
      return;
    }
    const far = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    const observer = new Observer(this.exchanges);
    near.on('data', (chunk) => observer.sent(chunk));
    far.on('data', (chunk) => {
      if (observer.answered(chunk) <= this.#cutAfter) return;
      this.#cutAfter = Number.POSITIVE_INFINITY;
      near.destroy();
    });
    this.#join(near, far);
    this.#join(far, near);
  }

  /** Reads what comes, and says nothing. */
  #hold(near: Socket): void {
    const observer = new Observer(this.exchanges);
    this.#sockets.add(near);
    near.on('data', (chunk) => observer.sent(chunk));
    near.on('end', () => near.end());
    near.on('error', () => near.destroy());
    near.on('close', () => this.#sockets.delete(near));
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.pipe(to);
    // A broken side breaks the other; the reason matters to neither.
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!from.readableEnded) to.destroy();
    });
  }
}

/** Reads the exchanges of one connection. */
class Observer {
  readonly #exchanges: Exchange[];
  #current: Exchange | undefined;
  #head = '';

  constructor(exchanges: Exchange[]) {
    this.#exchanges = exchanges;
  }

  sent(chunk: Buffer): void {
    const head = chunk.subarray(0, MAX_HEAD_BYTES).toString('latin1');
    const [, method, target] = REQUEST_LINE.exec(head) ?? [];
    if (method !== undefined && target !== undefined) {
      this.#begin(method, target, head);
    } else if (this.#current === undefined && chunk[0] === TLS_HANDSHAKE_RECORD) {
      this.#begin('TLS', 'ClientHello', '');
    }
  }

  /** How many bytes of the answer's body are in with this chunk. */
  answered(chunk: Buffer): number {
    const exchange = this.#current;
    if (exchange === undefined) return 0;
    if (exchange.status === undefined) return this.#answerBegan(exchange, chunk);
    exchange.bytes += chunk.length;
    return exchange.bytes;
  }

  #answerBegan(exchange: Exchange, chunk: Buffer): number {
    this.#head += chunk.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return 0;
    const head = this.#head.slice(0, end + 2);
    const body = this.#head.length - end - 4;
    this.#head = '';
    const status = Number(STATUS_LINE.exec(head)?.[1]);
    // An interim answer (100 Continue): the real one is still to come.
    if (status < 200) return 0;
    exchange.status = status;
    exchange.digest = headerOf(head, 'docker-content-digest');
    exchange.bytes = body;
    return body;
  }

  #begin(method: string, target: string, head: string): void {
    this.#head = '';
    this.#current = {
      method,
      target,
      range: headerOf(head, 'range'),
      authorization: headerOf(head, 'authorization'),
      status: undefined,
      digest: undefined,
      bytes: 0,
    };
    this.#exchanges.push(this.#current);
  }
}

function headerOf(head: string, name: string): string | undefined {
  const end = head.indexOf('\r\n\r\n');
  const fields = end < 0 ? head : head.slice(0, end + 2);
  return new RegExp(`\r\n${name}: *([^\r\n]*)\r\n`, 'i').exec(fields)?.[1];
}
