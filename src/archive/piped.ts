import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What `transform` makes of the bytes. A failure of either ends both; so does a reader who leaves. */
export async function* piped(
  bytes: AsyncIterable<Uint8Array>,
  transform: Duplex,
): AsyncGenerator<Uint8Array> {
  const fed = pipeline(Readable.from(bytes, { objectMode: false }), transform);
  // It fails along with the reading, which is where the failure is told.
  fed.catch(() => undefined);
  yield* transform as AsyncIterable<Buffer>;
  await fed;
}
