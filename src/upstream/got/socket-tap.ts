/**
 * Node's parser copies every 64 KiB of a body into new memory: a third of what a cold blob costs. A tap lets a large body
 * be taken from the socket as it is read, into memory that is used again and again.
 */
import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Bytes of one read from a socket at most. */
export const LARGEST_READ = 256 * 1024;

/** Takes bytes, valid during the call only; false: it wants no more until the socket is resumed. */
export type Sink = (bytes: Uint8Array) => boolean;

const taps = new WeakMap<Socket, SocketTap>();

/** Where the bytes of one socket go: to node's parser, until they are diverted. */
export class SocketTap {
  readonly #socket: Socket;
  #sink: Sink | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The tap of a socket that a tapped agent has made. */
  static of(socket: Socket): SocketTap | undefined {
    return taps.get(socket);
  }

  /** Connects with `connect`, which must use the options that it is given. */
  static connect<Options extends object>(
    options: Options,
    connect: (options: Options & { readonly onread: OnReadOpts }) => Duplex | null | undefined,
  ): Duplex | null | undefined {
    // Bytes come only after this function has returned: connecting takes a turn at least.
    let tap: SocketTap | undefined;
    const socket = connect({
      ...options,
      onread: {
        buffer: Buffer.allocUnsafeSlow(LARGEST_READ),
        callback: (count, buffer) => tap?.take(buffer.subarray(0, count)) ?? false,
      },
    });
    if (!(socket instanceof Socket)) return socket;
    tap = new SocketTap(socket);
    taps.set(socket, tap);
    return socket;
  }

  /** Bytes that the socket has read and the parser not yet taken. */
  get pending(): number {
    return this.#socket.readableLength;
  }

  /** What is read from now on goes to `sink`. There is no way back: the socket is good for nothing else afterwards. */
  divert(sink: Sink): void {
    this.#sink = sink;
  }

  /** After the sink has said that it wants no more; and lets the parser have what is pending. */
  resume(): void {
    this.#socket.resume();
  }

  take(bytes: Uint8Array): boolean {
    // The parser keeps what it gets, and this memory is read into again.
    return this.#sink ? this.#sink(bytes) : this.#socket.push(Buffer.from(bytes));
  }
}

export class TappedHttpAgent extends HttpAgent {
  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return SocketTap.connect(options, (tapped) => super.createConnection(tapped, callback));
  }
}

export class TappedHttpsAgent extends HttpsAgent {
  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return SocketTap.connect(options, (tapped) => super.createConnection(tapped, callback));
  }
}
