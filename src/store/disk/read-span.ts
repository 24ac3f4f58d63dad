import type { ByteSpan } from '../blob-store.ts';
import type { AlternatingBuffers } from './reader-buffers.ts';
import type { SharedFile } from './shared-file.ts';

/** The bytes of a span, read one buffer ahead of the consumer where there are two. A chunk is only valid until the next one is asked for. */
export async function* readSpan(
  file: SharedFile,
  span: ByteSpan,
  buffers: AlternatingBuffers,
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = span.start;
  let ahead: Promise<Uint8Array> | undefined;
  const read = (): Promise<Uint8Array> | undefined => {
    if (position >= span.end) return undefined;
    const target = buffers.next(span.end - position);
    const reading = file.read(target, position).then(() => target);
    position += target.length;
    // Its failure is seen when the chunk's turn comes; until then it must not count as unhandled.
    reading.catch(() => undefined);
    return reading;
  };
  try {
    ahead = read();
    while (ahead !== undefined) {
      const chunk = await ahead;
      ahead = buffers.count === 2 ? read() : undefined;
      yield chunk;
      ahead ??= read();
    }
  } finally {
    // The buffer of a read in flight must not be let go under it.
    await ahead?.catch(() => undefined);
  }
}
