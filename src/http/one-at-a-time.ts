import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** No client of a registry pipelines; one that has sent more than that ahead is after our memory. */
const MAX_WAITING = 32;

interface Connection {
  last: ServerResponse;
  waiting: number;
}

/**
 * Handles pipelined requests of a connection one after the other, in their order (RFC 9112 §9.3.2). Node would begin
 * them all at once and put their answers in order: each would hold a blob open and fill its buffers, a manifest would
 * overtake the blobs pushed before it, and an answer whose turn never came would not learn that its client is gone,
 * because a response only closes with the connection once it is the one being sent.
 */
export function oneAtATime(handle: RequestListener): RequestListener {
  const connections = new WeakMap<Socket, Connection>();

  return (req: IncomingMessage, res: ServerResponse) => {
    const { socket } = req;
    const connection = connections.get(socket);
    const before = connection?.last;
    if (connection === undefined || before === undefined || before.closed) {
      connections.set(socket, { last: res, waiting: 0 });
      handle(req, res);
      return;
    }
    connection.last = res;
    connection.waiting += 1;
    if (connection.waiting > MAX_WAITING) {
      socket.destroy();
      return;
    }
    before.once('close', () => {
      connection.waiting -= 1;
      if (!socket.destroyed) handle(req, res);
    });
  };
}
