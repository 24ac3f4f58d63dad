/** A client on a bare socket, for what well-behaved ones never do: leave in mid-body, stop reading, look at cut answers. */
import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';

export class RawClient {
  readonly #socket: Socket;
  /** Joined only when somebody looks: joining for each chunk would copy a large body over and over. */
  #chunks: Buffer[] = [];
  #length = 0;
  #headText: string | undefined;
  #closed = false;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    // A cut connection is what many tests are about: it shows as `closed`, not as a failure of its own.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Connects and sends the request; the answer comes by itself. */
  static get(url: string, headers: Readonly<Record<string, string>> = {}): RawClient {
    const { hostname, port, pathname, search, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    const fields = Object.entries({ Host: host, ...headers }).map((one) => one.join(': '));
    socket.write([`GET ${pathname}${search} HTTP/1.1`, ...fields, '', ''].join('\r\n'));
    return new RawClient(socket);
  }

  /** Of the answer so far; 0 before its headers are in. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.#head ?? '')?.[1] ?? 0);
  }

  /** Body bytes so far, as they came over the wire. */
  get body(): Buffer {
    const head = this.#head;
    return head === undefined
      ? Buffer.alloc(0)
      : this.#received.subarray(head.length + HEAD_END.length);
  }

  /** Of the body so far; cheaper to ask for than the body. */
  get bodyLength(): number {
    const head = this.#head;
    return head === undefined ? 0 : this.#length - head.length - HEAD_END.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  header(name: string): string | undefined {
    const line = new RegExp(`\r\n${name}: ([^\r]*)`, 'i');
    return line.exec(this.#head ?? '')?.[1];
  }

  /** Resolves once the headers of the answer are in. */
  async headers(): Promise<this> {
    await this.#until(() => this.#head !== undefined);
    return this;
  }

  /** Resolves once so many body bytes are in. */
  async bytes(count: number): Promise<this> {
    await this.#until(() => this.bodyLength >= count);
    return this;
  }

  /** Resolves once the server has ended the connection, or the whole of a body with a length is in. */
  async end(): Promise<this> {
    await this.#until(() => this.#closed || this.#whole);
    return this;
  }

  /** Whether a whole answer has come, by its own Content-Length. */
  get #whole(): boolean {
    const length = this.header('content-length');
    return length !== undefined && this.bodyLength >= Number(length);
  }

  /** Stops reading: the server runs into back-pressure. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Leaves without a word. */
  leave(): void {
    this.#socket.resetAndDestroy();
  }

  get #received(): Buffer {
    const [only, ...more] = this.#chunks;
    if (only === undefined || more.length > 0) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  get #head(): string | undefined {
    this.#headText ??= this.#readHead();
    return this.#headText;
  }

  #readHead(): string | undefined {
    const end = this.#received.indexOf(HEAD_END);
    return end === -1 ? undefined : this.#received.subarray(0, end).toString('latin1');
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#closed) throw new Error('the connection was closed before that');
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
