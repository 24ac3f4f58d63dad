import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';

/**
 * The connections of a server on which nothing has been asked yet, and those that still shake hands. Browsers and load balancers
 * open some ahead of need. Node takes the first for busy and does not know the others, so a stop would wait for them.
 */
export class SilentConnections {
  readonly #silent = new Set<Socket>();
  /** By the client's address: with TLS another socket takes over. */
  readonly #shaking = new Map<string, Socket>();

  /** From the beginning of the server on. */
  watch(server: Server | TlsServer, { tls }: { readonly tls: boolean }): void {
    if (!tls) {
      server.on('connection', (socket: Socket) => this.#add(socket));
      return;
    }
    server.on('connection', (socket: Socket) => {
      const client = clientOf(socket);
      this.#shaking.set(client, socket);
      socket.once('close', () => this.#shaking.delete(client));
    });
    server.on('secureConnection', (socket: Socket) => {
      this.#shaking.delete(clientOf(socket));
      this.#add(socket);
    });
  }

  /** Something has been asked on it. */
  heard(socket: Socket): void {
    this.#silent.delete(socket);
  }

  /** Closes them all. */
  cut(): void {
    for (const socket of [...this.#silent, ...this.#shaking.values()]) socket.destroy();
  }

  #add(socket: Socket): void {
    this.#silent.add(socket);
    socket.once('close', () => this.#silent.delete(socket));
  }
}

function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
