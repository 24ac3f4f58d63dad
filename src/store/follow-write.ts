import type { Bytes, ByteSpan } from './blob-store.ts';
import { closableBytes } from './closable-bytes.ts';
import type { WriteProgress } from './write-progress.ts';

/** What a follower reads from while it lasts. */
export interface FollowSource {
  /** All bytes of the span; they have been written. */
  read(span: ByteSpan): AsyncIterable<Uint8Array>;
  /** A copy of as many of the bytes as are to be given at once, valid until the next is asked for. */
  copy(bytes: Uint8Array): Uint8Array;
  release(): Promise<void>;
}

/**
 * `BlobWriter.follow` over any storage. `open` is called when the first byte is asked for, so a follower
 * that is never read from holds nothing.
 */
export function followWrite(
  progress: WriteProgress,
  span: { readonly start: number; readonly end?: number },
  open: () => Promise<FollowSource>,
): Bytes {
  const end = span.end ?? Number.POSITIVE_INFINITY;
  return closableBytes(async function* follow(left) {
    progress.throwIfFailed();
    const leave = progress.join();
    try {
      const source = await open();
      try {
        let position = span.start;
        while (position < end && !left.aborted) {
          const visible = Math.min(progress.visibleEnd, end);
          const inMemory = progress.inMemory(position, end);
          if (inMemory !== undefined) {
            const chunk = source.copy(inMemory);
            position += chunk.length;
            yield chunk;
            progress.throwIfFailed();
          } else if (position < visible) {
            for await (const chunk of source.read({ start: position, end: visible })) {
              yield chunk;
              // A write that failed is not read to its end: what was read may be wrong.
              progress.throwIfFailed();
            }
            position = visible;
          } else if (progress.verified) {
            return;
          } else {
            await progress.changed(left);
            progress.throwIfFailed();
          }
        }
      } finally {
        await source.release();
      }
    } finally {
      leave();
    }
  });
}
