import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface ListenerTls {
  readonly cert: string;
  readonly key: string;
}

/** An HTTP(S) server on 127.0.0.1 that can go away and come back on the same port. */
export class Listener {
  readonly #handler: RequestListener;
  readonly #tls: ListenerTls | undefined;
  #server: Server | undefined;
  #port = 0;
  #connections = 0;

  private constructor(handler: RequestListener, tls: ListenerTls | undefined) {
    this.#handler = handler;
    this.#tls = tls;
  }

  static async open(handler: RequestListener, tls?: ListenerTls): Promise<Listener> {
    const listener = new Listener(handler, tls);
    await listener.listen();
    return listener;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.#connections;
  }

  async listen(): Promise<void> {
    if (this.#server !== undefined) return;
    const server: Server =
      this.#tls === undefined
        ? createServer(this.#handler)
        : createTlsServer(this.#tls, this.#handler);
    this.#server = server;
    server.on('connection', () => {
      this.#connections++;
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Cuts every connection; until `listen` is called again, connecting is refused. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    server.closeAllConnections();
    await closed;
  }
}
