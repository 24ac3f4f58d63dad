import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A forward proxy on 127.0.0.1 that tunnels with CONNECT, to where `route` says or to where it is asked. */
export class FakeProxy {
  /** The `host:port` of each CONNECT, with what it sent as credentials. */
  readonly requests: { readonly target: string; readonly authorization: string | undefined }[] = [];
  /** Names that only the proxy can resolve, and the ports on 127.0.0.1 behind them. */
  readonly routes = new Map<string, number>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeProxy> {
    const server = createServer((_request, response) => response.writeHead(405).end());
    const proxy = new FakeProxy(server);
    server.on('connect', (request, client) => {
      const target = request.url ?? '';
      proxy.requests.push({ target, authorization: request.headers['proxy-authorization'] });
      const port = proxy.routes.get(target) ?? Number(target.split(':')[1]);
      const tunnel = connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(tunnel).pipe(client);
      });
      for (const socket of [client as Socket, tunnel]) {
        proxy.#sockets.add(socket);
        socket.on('error', () => client.destroy());
      }
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** @param credentials - `user:password`, to be sent to the proxy */
  url(credentials = ''): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://${credentials === '' ? '' : `${credentials}@`}127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }
}
