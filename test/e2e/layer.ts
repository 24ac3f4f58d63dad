const BLOCK = 512;

/** An uncompressed layer with one file in it, as a tar archive that every client can unpack (ustar, POSIX.1-1988). */
export function layerOf(name: string, content: Buffer): Buffer {
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header(name, content.length), content, padding, Buffer.alloc(2 * BLOCK)]);
}

function header(name: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  for (const [offset, value, digits] of [
    [100, 0o644, 7],
    [108, 0, 7],
    [116, 0, 7],
    [124, size, 11],
    [136, 0, 11],
  ] as const) {
    block.write(`${value.toString(8).padStart(digits, '0')}\0`, offset);
  }
  // A regular file.
  block.write('0', 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  // The checksum is of the block with blanks in its place.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
