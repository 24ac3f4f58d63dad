/** HTTP below `fetch`: paths that are not tidied up, and clients that misbehave. */
import { once } from 'node:events';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Server {
  readonly port: number;
}

/** A request exactly as given: the path is not normalised, and no header is added but Host and what frames the body. */
export async function send(
  server: Server,
  method: string,
  path: string,
  options: { readonly headers?: OutgoingHttpHeaders; readonly body?: Buffer | string } = {},
): Promise<Response> {
  const { headers = {}, body } = options;
  const sent = request({
    port: server.port,
    host: '127.0.0.1',
    agent: false,
    method,
    path,
    headers,
  });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream & Answer];
  // An answer may come before the body is out; what happens to the rest is no matter then.
  sent.on('error', () => undefined);
  const content = await buffer(answer);
  const received = new Headers();
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    received.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '');
  }
  const { statusCode: status } = answer;
  return new Response(content.byteLength > 0 ? content : null, { status, headers: received });
}

interface Answer {
  readonly statusCode: number;
  readonly rawHeaders: readonly string[];
}

/** A bare connection. */
export class Wire {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    // A connection that the server cuts is an answer too.
    socket.on('error', () => undefined);
  }

  static async connect(server: Server): Promise<Wire> {
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    return new Wire(socket);
  }

  /** Everything that has come so far. */
  get received(): Buffer {
    return this.#received;
  }

  /** Resolves when the bytes are with the kernel. */
  async write(bytes: Buffer | string): Promise<void> {
    await new Promise((resolve) => {
      this.#socket.write(bytes, resolve);
    });
  }

  /** Everything received until the server closes. */
  async untilClosed(): Promise<Buffer> {
    // Not `once` of node:events: it rejects where the connection was reset.
    await new Promise<void>((resolve) => {
      if (this.#socket.closed) resolve();
      else this.#socket.once('close', () => resolve());
    });
    return this.#received;
  }

  /** Stops reading: the server runs into back-pressure. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Goes away in the middle of things. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}
