import { connect, type Socket } from 'node:net';
import { ACCEPT } from './accept.ts';

/** Large reads: the client should cost as little as it can beside the server that is measured. */
const READ_BUFFER = 1024 * 1024;

export interface RawAnswer {
  /** From the request to the first byte of the body, ms. */
  readonly firstByteMs: number;
  /** From the request to the last byte of the body, ms. */
  readonly totalMs: number;
  /** Of the body. */
  readonly bytes: number;
}

/**
 * A kept-alive connection that asks for one thing after the other and throws the bodies away. It looks at the status and
 * the length, and at nothing else.
 */
export class RawConnection {
  readonly #socket: Socket;
  #answer: PendingAnswer | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafeSlow(READ_BUFFER),
          callback: (bytes, buffer) => {
            connection.#read((buffer as Buffer).subarray(0, bytes));
            return true;
          },
        },
      });
      const connection = new RawConnection(socket);
      socket.once('connect', () => resolve(connection));
      socket.on('error', (error) => {
        reject(error);
        connection.#answer?.reject(error);
      });
      socket.once('close', () =>
        connection.#answer?.reject(new Error('the server closed the connection')),
      );
    });
  }

  /** Anything but a whole 200 with a length is an error. */
  get(path: string): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      this.#answer = new PendingAnswer(path, resolve, reject);
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: ${ACCEPT}\r\n\r\n`);
    });
  }

  close(): void {
    this.#answer = undefined;
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    if (this.#answer?.take(bytes) === true) this.#answer = undefined;
  }
}

class PendingAnswer {
  readonly reject: (error: Error) => void;
  readonly #path: string;
  readonly #resolve: (answer: RawAnswer) => void;
  readonly #began = performance.now();
  #head = '';
  #length: number | undefined;
  #received = 0;
  #firstByteMs: number | undefined;

  constructor(path: string, resolve: (answer: RawAnswer) => void, reject: (error: Error) => void) {
    this.#path = path;
    this.#resolve = resolve;
    this.reject = reject;
  }

  /** True when the answer is over. */
  take(bytes: Buffer): boolean {
    const body = this.#length === undefined ? this.#takeHead(bytes) : bytes.length;
    if (this.#length === undefined) return false;
    if (body > 0) this.#firstByteMs ??= performance.now() - this.#began;
    this.#received += body;
    if (this.#received < this.#length) return false;
    const totalMs = performance.now() - this.#began;
    this.#resolve({ firstByteMs: this.#firstByteMs ?? totalMs, totalMs, bytes: this.#received });
    return true;
  }

  /** How many of the bytes belong to the body. */
  #takeHead(bytes: Buffer): number {
    this.#head += bytes.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return 0;
    const head = this.#head.slice(0, end);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    if (!head.startsWith('HTTP/1.1 200') || length === undefined) {
      this.reject(new Error(`GET ${this.#path}: no 200 with a length, but\n${head}`));
      return 0;
    }
    this.#length = Number(length);
    return this.#head.length - end - 4;
  }
}

/** One GET on a connection of its own. */
export async function rawGet(port: number, path: string): Promise<RawAnswer> {
  const connection = await RawConnection.open(port);
  try {
    return await connection.get(path);
  } finally {
    connection.close();
  }
}
