import type { Bytes } from '../store/blob-store.ts';
import type { Context } from './context.ts';
import { ClientGoneError } from './errors.ts';

/** The body as it arrives; a client that leaves is told apart from a failure of ours. */
export async function* requestBody(ctx: Context): Bytes {
  try {
    yield* ctx.req as AsyncIterable<Buffer>;
  } catch (error) {
    throw new ClientGoneError('the client stopped in the middle of the body', { cause: error });
  }
}
