import { compress, init } from '@bokuweb/zstd-wasm';
import { decompress } from 'fzstd';
import { gathered } from './gathered.ts';

/** zstd's own default. */
const LEVEL = 3;

/**
 * One zstd frame for each block, since the library compresses whole blocks; frames in a row are a zstd stream (RFC 8878
 * §3.1). At this size the ratio is within a hundredth of that of a single frame.
 */
const BLOCK_BYTES = 4 * 1024 * 1024;

/** The library must be made ready once: a second time would swap its memory under a compression. */
let ready: Promise<void> | undefined;

/**
 * The bytes as a zstd stream that depends on nothing but them.
 *
 * Node 20's zlib knows no zstd. This is zstd itself as WebAssembly, without native parts, at 90 MB/s. What it makes is
 * read back with the decoder, another program, before it is believed: a layer that nobody can unpack is found out here.
 */
export async function* zstdCompressed(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  ready ??= init();
  await ready;
  for await (const block of gathered(bytes, BLOCK_BYTES)) {
    const frame = compress(block, LEVEL);
    if (!block.equals(decompress(frame))) throw new Error('zstd made bytes that are not the same');
    yield frame;
  }
}
