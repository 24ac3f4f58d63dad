import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Inbox } from './inbox.ts';
import { LARGEST_READ, SocketTap } from './socket-tap.ts';

/**
 * Bytes from which on a body is worth a connection: it cannot be used again afterwards. What node's parser has taken before we
 * come is bounded far below this by the high-water marks of its streams, so the body never ends before it is diverted.
 */
export const LARGE_BODY = 4 * 1024 * 1024;

/**
 * The body of an answer whose length is known and large, past node's parser; undefined where that cannot be: a transfer
 * coding, a connection through a proxy. A chunk is valid until the next one is asked for. Fails as the answer fails.
 * Afterwards the connection has to be closed.
 */
export function largeBody(
  response: IncomingMessage,
  length: number | undefined,
): AsyncGenerator<Uint8Array> | undefined {
  const plain = response.headers['transfer-encoding'] === undefined && !response.complete;
  if (length === undefined || length < LARGE_BODY || !plain) return undefined;
  const tap = SocketTap.of(response.socket);
  return tap && takeFrom(response, tap, length);
}

async function* takeFrom(
  response: IncomingMessage,
  tap: SocketTap,
  length: number,
): AsyncGenerator<Uint8Array> {
  const inbox = new Inbox(LARGEST_READ, () => tap.resume());
  tap.divert((bytes) => inbox.add(bytes));
  response.once('error', (error) => inbox.fail(error));
  response.once('close', () => inbox.fail(new Error('the connection was closed')));
  let missing = length;
  for await (const chunk of parsedBefore(response, tap)) {
    missing -= chunk.length;
    yield chunk;
  }
  while (missing > 0) {
    const chunk = await inbox.next();
    const wanted = chunk.subarray(0, missing);
    missing -= wanted.length;
    yield wanted;
  }
}

/** What went to the parser before the rest was diverted. */
async function* parsedBefore(
  response: IncomingMessage,
  tap: SocketTap,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk: unknown = response.read();
    if (chunk instanceof Uint8Array) yield chunk;
    else if (tap.pending === 0 || response.destroyed) return;
    else {
      const readable = once(response, 'readable');
      tap.resume();
      await readable;
    }
  }
}
