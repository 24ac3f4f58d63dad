import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Stage } from '../stage.ts';

/** What is on its way at most, in ms of the connection's rate: beyond that the sender is made to wait, as by TCP. */
const MAX_QUEUED_MS = 100;

export interface Distance {
  /** ms; every byte takes half of it, in either direction. */
  readonly roundTrip: number;
  /** Bytes per second from the server to each client. */
  readonly rate: number;
}

/** A relay that makes a server of this machine seem far away. */
export class Distant {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Ends with the stage. */
  static async open(stage: Stage, port: number, { roundTrip, rate }: Distance): Promise<Distant> {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (near) => {
      const far = connect({ port, host: '127.0.0.1', noDelay: true });
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
        // Either side may cut the connection at any time; the other one then hears of it.
        socket.on('error', () => undefined);
      }
      relay(near, far, roundTrip / 2, Number.POSITIVE_INFINITY);
      relay(far, near, roundTrip / 2, rate);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stage.defer(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    return new Distant(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
}

/** Hands on every chunk when its last byte has come over a line of that delay (ms) and rate (bytes per second). */
function relay(from: Socket, to: Socket, delay: number, rate: number): void {
  /** What is on its way; the end of the connection, which has no chunk, comes last. */
  const queue: { readonly due: number; readonly chunk?: Buffer }[] = [];
  /** When the line is free again. */
  let free = 0;
  const deliver = (): void => {
    const now = performance.now();
    for (let [first] = queue; first !== undefined && first.due <= now; [first] = queue) {
      queue.shift();
      if (first.chunk) to.write(first.chunk);
      else to.end();
    }
    const [next] = queue;
    if (next !== undefined) setTimeout(deliver, next.due - now);
    if (free - now < MAX_QUEUED_MS) from.resume();
  };
  const add = (chunk?: Buffer): void => {
    const now = performance.now();
    free = Math.max(now, free) + ((chunk?.length ?? 0) / rate) * 1000;
    queue.push({ due: free + delay, ...(chunk && { chunk }) });
    if (queue.length === 1) setTimeout(deliver, free + delay - now);
    if (free - now >= MAX_QUEUED_MS) from.pause();
  };
  from.on('data', add);
  from.once('close', () => add());
}
