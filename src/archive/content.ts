import type { FileHandle } from 'node:fs/promises';
import type { Digest } from '../oci/digest.ts';
import { ArchiveError } from './archive-error.ts';

/** Bytes that can be read, wherever they are. */
export interface Content {
  /** Bytes. */
  readonly size: number;
  /** All of them, from the beginning; may be opened again. Chunks are the reader's to keep. */
  open(): AsyncIterable<Uint8Array>;
}

/** The bytes of one entry of an archive. */
export interface EntryContent extends Content {
  /** Where they went by once already and were hashed: what they are. */
  readonly digest?: Digest;
  /** The first bytes, enough to tell a compression by. */
  head(): Promise<Uint8Array>;
}

/** As much of the beginning as tells a compression. */
export const HEAD_BYTES = 8;

/** Reads of the disk: large enough that their number does not count. */
const READ_BYTES = 1024 * 1024;

export function memoryContent(bytes: Uint8Array): EntryContent {
  return {
    size: bytes.byteLength,
    head: () => Promise.resolve(bytes.subarray(0, HEAD_BYTES)),
    // oxlint-disable-next-line typescript/require-await
    open: async function* () {
      yield bytes;
    },
  };
}

/** `size` bytes of an open file. Whoever opened it closes it, when nobody reads any more. */
export function fileContent(file: FileHandle, start: number, size: number): EntryContent {
  return {
    size,
    head: async () => {
      const buffer = Buffer.alloc(Math.min(HEAD_BYTES, size));
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, start);
      return buffer.subarray(0, bytesRead);
    },
    open: () => readSpan(file, start, start + size),
  };
}

async function* readSpan(file: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end;) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, at);
    if (bytesRead === 0) throw new ArchiveError('the archive became shorter while it was read');
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The whole content in memory, where it has at most `max` bytes. */
export async function readWhole(content: Content, max: number, what: string): Promise<Buffer> {
  if (content.size > max) {
    throw new ArchiveError(`${what} has ${content.size} bytes, more than the ${max} that are read`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of content.open()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
