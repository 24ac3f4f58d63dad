/** How bytes are compressed, by how they begin. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'unsupported';

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  // bzip2, xz
  ['unsupported', [0x42, 0x5a, 0x68]],
  ['unsupported', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
];

/** The second to fourth byte of a zstd frame that is to be skipped (RFC 8878 §3.1.2); the first is 0x50 to 0x5f. */
const SKIPPABLE = [0x2a, 0x4d, 0x18];

/** A tar never looks compressed: it begins with a name. */
export function compressionOf(head: Uint8Array): Compression {
  const found = MAGIC.find(([, magic]) => magic.every((byte, index) => head[index] === byte));
  if (found) return found[0];
  const skippable = (head[0] ?? 0) >> 4 === 5 && SKIPPABLE.every((b, i) => head[i + 1] === b);
  return skippable ? 'zstd' : 'none';
}
