import type { Piece } from './upload.ts';

/** So much of a stream is kept for being sent again. Registries with a least chunk size want 5 MiB. */
const PIECE_BYTES = 16 * 1024 * 1024;

/** Cuts a stream that comes by once into pieces that can be sent again. */
export async function* pieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  let start = 0;
  let chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size < PIECE_BYTES) continue;
    yield pieceOf(chunks, start, size);
    start += size;
    chunks = [];
    size = 0;
  }
  if (size > 0) yield pieceOf(chunks, start, size);
}

function pieceOf(chunks: readonly Uint8Array[], start: number, size: number): Piece {
  const bytes = Buffer.concat(chunks);
  return {
    start,
    size,
    whole: false,
    // oxlint-disable-next-line typescript/require-await
    open: async function* (from) {
      yield bytes.subarray(from);
    },
  };
}
