import { RegistryError, refusal } from './registry-error.ts';
import { isCut, type Requester, type ScopedRequest } from './requester.ts';

/** How often in a row a download may be cut without a byte getting through. */
const MAX_FRUITLESS = 5;

/**
 * A blob of `size` bytes, from its first byte to its last; where the connection is cut the rest is asked for, from the
 * registry itself, since a redirect may have expired. Its digest is the caller's to check.
 */
export async function* download(
  requester: Requester,
  request: ScopedRequest,
  size: number,
): AsyncGenerator<Uint8Array> {
  const { what } = request;
  let done = 0;
  for (let fruitless = 0; done < size;) {
    const before = done;
    try {
      for await (const chunk of await open(requester, request, done)) {
        done += chunk.byteLength;
        if (done > size)
          throw new RegistryError(`${what}: more than the ${size} bytes it should have`);
        yield chunk;
      }
    } catch (error) {
      if (!isCut(error)) throw error;
    }
    if (done === size) return;
    fruitless = done > before ? 1 : fruitless + 1;
    if (fruitless > MAX_FRUITLESS) {
      throw new RegistryError(`${what}: it was cut at byte ${done} of ${size} again and again`);
    }
    await requester.pause(fruitless);
  }
}

async function open(
  requester: Requester,
  request: ScopedRequest,
  from: number,
): Promise<AsyncIterable<Uint8Array>> {
  const headers = { ...request.headers, ...(from > 0 && { range: `bytes=${from}-` }) };
  const answer = await requester.ask({ ...request, headers });
  const { status } = answer;
  if (status !== 200 && status !== 206) throw refusal(request.what, status, await answer.short());
  // Some registries know no ranges: what has come already comes again and is passed over.
  return status === 206 || from === 0 ? answer.stream() : without(answer.stream(), from);
}

/** The bytes but for the first `count`. */
export async function* without(
  bytes: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of bytes) {
    const rest = chunk.subarray(Math.min(left, chunk.byteLength));
    left -= chunk.byteLength - rest.byteLength;
    if (rest.byteLength > 0) yield rest;
  }
}
