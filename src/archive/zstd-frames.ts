/**
 * Follows the frames of a zstd stream (RFC 8878 §3.1) without decoding them: the decoder allocates whatever window a
 * header asks for, up to 2 GiB, so it must not see a header that asks for too much.
 */
import { ArchiveError } from './archive-error.ts';
import { MAX_ZSTD_WINDOW_BYTES } from './limits.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Magic, descriptor, window, dictionary, content size: RFC 8878 §3.1.1.1. */
const MAX_HEADER_BYTES = 18;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const SKIPPABLE_HEADER_BYTES = 8;
/** RFC 8878 §3.1.1.2.4: neither what a block has nor what it becomes is more. The decoder takes its word for it. */
const MAX_BLOCK_BYTES = 128 * 1024;
const RLE = 1;
const RESERVED = 3;

type Expecting = 'frame' | 'block' | 'checksum';

export class ZstdFrames {
  #expecting: Expecting = 'frame';
  #hasChecksum = false;
  /** Bytes of a header that has not arrived in whole. */
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of a body that may be passed over. */
  #skip = 0;

  /** Whether the stream may end here: behind a whole frame. */
  get complete(): boolean {
    return this.#expecting === 'frame' && this.#skip === 0 && this.#pending.byteLength === 0;
  }

  /**
   * The chunk again, cut behind each header: no piece brings more than one block to its end, so that few bytes cannot become
   * gigabytes in one step of the decoder. Pieces are the reader's to keep.
   *
   * @throws ArchiveError for what is not zstd, and for a window or block that is too large
   */
  take(chunk: Uint8Array): readonly Uint8Array[] {
    const bytes = Buffer.concat([this.#pending, chunk]);
    const pieces: Uint8Array[] = [];
    // What was pending has been given out before.
    let given = this.#pending.byteLength;
    let at = 0;
    for (;;) {
      const skipped = Math.min(this.#skip, bytes.byteLength - at);
      this.#skip -= skipped;
      at += skipped;
      const taken = at === bytes.byteLength ? 0 : this.#header(bytes.subarray(at));
      if (taken === 0) break;
      at += taken;
      pieces.push(bytes.subarray(given, at));
      given = at;
    }
    this.#pending = Buffer.from(bytes.subarray(at));
    if (given < bytes.byteLength) pieces.push(bytes.subarray(given));
    return pieces;
  }

  /** Reads one header from the front; 0 where it is not all there. */
  #header(bytes: Buffer): number {
    switch (this.#expecting) {
      case 'frame':
        return this.#frame(bytes);
      case 'block':
        return this.#block(bytes);
      case 'checksum':
        this.#expecting = 'frame';
        this.#skip = CHECKSUM_BYTES;
        return this.#skipNow(bytes);
    }
  }

  #skipNow(bytes: Buffer): number {
    const taken = Math.min(this.#skip, bytes.byteLength);
    this.#skip -= taken;
    return taken;
  }

  #frame(bytes: Buffer): number {
    if (bytes.byteLength < SKIPPABLE_HEADER_BYTES) return 0;
    const magic = bytes.readUInt32LE(0);
    // oxlint-disable-next-line no-bitwise
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      this.#skip = bytes.readUInt32LE(4);
      return SKIPPABLE_HEADER_BYTES;
    }
    if (magic !== MAGIC) throw new ArchiveError('the zstd stream is damaged');
    const descriptor = bytes[4] ?? 0;
    const single = (descriptor >> 5) % 2 === 1;
    const dictionary = [0, 1, 2, 4][descriptor % 4] ?? 0;
    const sizeFlag = descriptor >> 6;
    const sizeBytes = sizeFlag === 0 ? Number(single) : 2 ** sizeFlag;
    const length = 5 + Number(!single) + dictionary + sizeBytes;
    if (bytes.byteLength < Math.min(length, MAX_HEADER_BYTES)) return 0;
    const window = single
      ? contentSize(bytes, 5 + dictionary, sizeBytes)
      : windowSize(bytes[5] ?? 0);
    if (window > MAX_ZSTD_WINDOW_BYTES) {
      throw new ArchiveError(
        `the zstd stream asks for a window of ${window} bytes, more than ${MAX_ZSTD_WINDOW_BYTES}`,
      );
    }
    this.#hasChecksum = (descriptor >> 2) % 2 === 1;
    this.#expecting = 'block';
    return length;
  }

  #block(bytes: Buffer): number {
    if (bytes.byteLength < BLOCK_HEADER_BYTES) return 0;
    const header = bytes.readUIntLE(0, BLOCK_HEADER_BYTES);
    const type = (header >> 1) % 4;
    if (type === RESERVED) throw new ArchiveError('the zstd stream is damaged');
    const size = header >> 3;
    if (size > MAX_BLOCK_BYTES) {
      throw new ArchiveError(
        `the zstd stream has a block of ${size} bytes, more than ${MAX_BLOCK_BYTES}`,
      );
    }
    this.#skip = type === RLE ? 1 : size;
    if (header % 2 === 1) this.#expecting = this.#hasChecksum ? 'checksum' : 'frame';
    return BLOCK_HEADER_BYTES;
  }
}

/** RFC 8878 §3.1.1.1.2 */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor % 8);
}

/** RFC 8878 §3.1.1.1.4 */
function contentSize(bytes: Buffer, at: number, length: number): number {
  if (length === 1) return bytes[at] ?? 0;
  if (length === 2) return bytes.readUInt16LE(at) + 256;
  return length === 4 ? bytes.readUInt32LE(at) : Number(bytes.readBigUInt64LE(at));
}
