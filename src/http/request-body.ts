import type { Bytes } from '../store/blob-store.ts';
import type { Context } from './context.ts';
import { ClientGoneError } from './errors.ts';

/** The body as it arrives; a client that leaves is told apart from a failure of ours. */
export async function* requestBody({ req }: Context): Bytes {
  try {
    // Leaving early must not destroy the request, and the connection with it: the answer would be lost.
    yield* req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new ClientGoneError('the client stopped in the middle of the body', { cause: error });
  } finally {
    // What is still coming is dropped. A client that sends it all before it reads would wait for ever otherwise.
    req.resume();
  }
}
