import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { ArchiveError } from './archive-error.ts';
import type { Compression } from './compression.ts';
import { FREE_EXPANSION_BYTES, MAX_EXPANSION } from './limits.ts';
import { piped } from './piped.ts';
import { ZstdFrames } from './zstd-frames.ts';

type Bytes = AsyncIterable<Uint8Array>;

/**
 * What was compressed. Ends with an error where it is damaged or cut short, or grows so much that it was made to.
 *
 * Node 20's zlib knows no zstd. `fzstd` is plain JavaScript, decodes a stream as it arrives and any number of them at a
 * time, at 100 MB/s; it does not check checksums, which digests make up for here.
 */
export function decompressed(
  bytes: Bytes,
  compression: Compression,
  free = FREE_EXPANSION_BYTES,
): Bytes {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return bounded(bytes, gunzipped, free);
    case 'zstd':
      return bounded(bytes, unzstded, free);
    case 'unsupported':
      throw new ArchiveError('it is compressed with bzip2 or xz; gzip and zstd can be read');
  }
}

async function* bounded(
  bytes: Bytes,
  inflate: (bytes: Bytes) => Bytes,
  free: number,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  let made = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      read += chunk.byteLength;
      yield chunk;
    }
  };
  for await (const chunk of inflate(counted())) {
    made += chunk.byteLength;
    if (made > free + read * MAX_EXPANSION) {
      throw new ArchiveError(`${read} compressed bytes have grown to more than ${made}: a bomb`);
    }
    yield chunk;
  }
}

async function* gunzipped(bytes: Bytes): AsyncGenerator<Uint8Array> {
  try {
    yield* piped(bytes, createGunzip());
  } catch (error) {
    if (isZlibError(error)) {
      throw new ArchiveError('the gzip stream is damaged or cut short', { cause: error });
    }
    throw error;
  }
}

function isZlibError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('Z_');
}

async function* unzstded(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const frames = new ZstdFrames();
  const made: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => made.push(chunk));
  for await (const chunk of bytes) {
    for (const piece of frames.take(chunk)) {
      try {
        decoder.push(piece);
      } catch (error) {
        throw new ArchiveError('the zstd stream is damaged', { cause: error });
      }
      yield* made.splice(0);
    }
  }
  if (!frames.complete) throw new ArchiveError('the zstd stream is cut short');
}
