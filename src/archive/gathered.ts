/** The same bytes in blocks of `size`; only the last one may be smaller. Blocks are the reader's to keep. */
export async function* gathered(
  bytes: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Buffer> {
  let block = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.byteLength;) {
      const taken = Math.min(size - filled, chunk.byteLength - at);
      block.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < size) continue;
      yield block;
      block = Buffer.allocUnsafe(size);
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
