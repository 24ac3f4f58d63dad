import { OciError } from '../oci/error-codes.ts';
import type { Context } from './context.ts';
import { ClientGoneError } from './errors.ts';

/** How much more than allowed is read before the answer goes out: a client that is still sending may never read it. */
const DRAIN_FACTOR = 4;

/** Reads a whole request body of at most `limit` bytes, counting what really comes. Larger → 413. */
export async function readBody(ctx: Context, limit: number): Promise<Uint8Array> {
  const patience = limit * DRAIN_FACTOR;
  if ((ctx.request.length ?? 0) > patience) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Leaving the loop must not destroy the request, and the connection with it: the answer would be lost.
    const body = ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size <= limit) chunks.push(chunk);
      else if (size > patience) break;
    }
  } catch (error) {
    throw new ClientGoneError('the client stopped in the middle of the body', { cause: error });
  }
  if (size <= limit) return Buffer.concat(chunks);
  // What is still coming is dropped.
  ctx.req.resume();
  throw tooLarge(limit);
}

function tooLarge(limit: number): OciError {
  return new OciError('SIZE_INVALID', {
    status: 413,
    message: `the body has more than the ${limit} bytes that are allowed`,
  });
}
