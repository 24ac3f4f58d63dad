import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArchiveError } from './archive-error.ts';
import { type EntryContent, fileContent } from './content.ts';
import type { Depot } from './depot.ts';
import { gathered } from './gathered.ts';
import { MAX_SPOOLED_BYTES } from './limits.ts';

/** Writes of the disk: chunks of a pipe are small. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Keeps what goes by in one temporary file. The file loses its name as soon as it is open, so that nothing is left
 * behind however this process ends.
 */
export class Spool implements Depot {
  readonly #maxBytes: number;
  #file: FileHandle | undefined;
  #size = 0;

  constructor(maxBytes = MAX_SPOOLED_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that it holds. */
  get size(): number {
    return this.#size;
  }

  async keep(bytes: AsyncIterable<Uint8Array>): Promise<EntryContent> {
    this.#file ??= await openUnnamed();
    const start = this.#size;
    for await (const block of gathered(bytes, WRITE_BYTES)) {
      if (this.#size + block.byteLength > this.#maxBytes) {
        throw new ArchiveError(
          `more than ${this.#maxBytes} bytes would have to be spooled; import it from a file`,
        );
      }
      await writeAll(this.#file, block, this.#size);
      this.#size += block.byteLength;
    }
    return fileContent(this.#file, start, this.#size - start);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

async function openUnnamed(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-'));
  try {
    return await open(join(folder, 'spool'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeAll(file: FileHandle, block: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < block.byteLength;) {
    const { bytesWritten } = await file.write(
      block,
      written,
      block.byteLength - written,
      position + written,
    );
    written += bytesWritten;
  }
}
