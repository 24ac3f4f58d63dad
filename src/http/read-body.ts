import { OciError } from '../oci/error-codes.ts';
import type { Context } from './context.ts';
import { ClientGoneError } from './errors.ts';

/** Reads a whole request body of at most `limit` bytes, counting what really comes. Larger → 413, after it has been drained. */
export async function readBody(ctx: Context, limit: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      // The rest is read and dropped: a client that is still sending would not see the answer.
      if (size <= limit) chunks.push(chunk);
      else if (size > limit * DRAIN_FACTOR) break;
    }
  } catch (error) {
    throw new ClientGoneError('the client stopped in the middle of the body', { cause: error });
  }
  if (size <= limit) return Buffer.concat(chunks);
  throw new OciError('SIZE_INVALID', {
    status: 413,
    message: `the body has more than the ${limit} bytes that are allowed`,
  });
}

/** How much more than allowed is read for the sake of a readable answer. */
const DRAIN_FACTOR = 4;
