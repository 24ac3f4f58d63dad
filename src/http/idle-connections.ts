import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';

/**
 * Cuts connections on which nothing moves. Not those whose client has said all and waits for what is still being worked on, such as
 * a push whose blobs are brought in from upstream, or a collection: that is no silence of its own.
 */
export class IdleConnections {
  readonly #answers = new WeakMap<Socket, { req: IncomingMessage; res: ServerResponse }>();

  watch(server: Server | TlsServer, idleMs: number): void {
    server.setTimeout(idleMs, (socket: Socket) => {
      if (!this.#waits(socket)) socket.destroy();
    });
  }

  /** This request is being answered now. */
  began(req: IncomingMessage, res: ServerResponse): void {
    this.#answers.set(req.socket, { req, res });
  }

  #waits(socket: Socket): boolean {
    const answer = this.#answers.get(socket);
    return answer !== undefined && answer.req.complete && !answer.res.headersSent;
  }
}
