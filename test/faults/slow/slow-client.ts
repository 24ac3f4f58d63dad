import { connect, type Socket } from 'node:net';

const TICK_MS = 100;
const HEAD_END = '\r\n\r\n';

export interface SlowClientOptions {
  readonly url: string;
  /** What the body should be. */
  readonly content: Buffer;
  readonly bytesPerSecond: number;
}

/** Reads an answer at its own speed and compares it as it comes; the rest waits in the buffers of the kernel and of the server. */
export class SlowClient {
  /** Body bytes so far; all of them right. */
  received = 0;
  /** Why it ended, if not by leaving. */
  failure: Error | undefined;
  readonly #content: Buffer;
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #head = '';
  #left = false;

  constructor({ url, content, bytesPerSecond }: SlowClientOptions) {
    const { hostname, port, pathname, host } = new URL(url);
    this.#content = content;
    this.#socket = connect(Number(port), hostname);
    this.#socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')));
    // Somebody has to listen for the socket to be read at all; what is taken and when is up to the timer.
    this.#socket.on('readable', () => undefined);
    const share = (bytesPerSecond * TICK_MS) / 1000;
    this.#timer = setInterval(() => this.#take(share), TICK_MS);
  }

  leave(): void {
    this.#left = true;
    clearInterval(this.#timer);
    this.#socket.resetAndDestroy();
  }

  #take(share: number): void {
    const available = Math.min(share, this.#socket.readableLength);
    const chunk = available > 0 ? (this.#socket.read(available) as Buffer | null) : null;
    if (chunk !== null) this.#compare(chunk);
  }

  #compare(chunk: Buffer): void {
    const body = this.#head.endsWith(HEAD_END) ? chunk : this.#takeHead(chunk);
    const wanted = this.#content.subarray(this.received, this.received + body.length);
    if (!wanted.equals(body)) this.#fail(new Error(`wrong bytes behind byte ${this.received}`));
    this.received += body.length;
  }

  #takeHead(chunk: Buffer): Buffer {
    const text = this.#head + chunk.toString('latin1');
    const end = text.indexOf(HEAD_END);
    if (end === -1) {
      this.#head = text;
      return Buffer.alloc(0);
    }
    const taken = end + HEAD_END.length - this.#head.length;
    this.#head = text.slice(0, end + HEAD_END.length);
    if (!this.#head.startsWith('HTTP/1.1 200 ')) this.#fail(new Error(this.#head));
    return chunk.subarray(taken);
  }

  #fail(error: Error): void {
    if (!this.#left) this.failure ??= error;
  }
}
