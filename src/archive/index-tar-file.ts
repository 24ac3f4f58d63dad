import type { FileHandle } from 'node:fs/promises';
import { Archive } from './archive.ts';
import { ArchiveError } from './archive-error.ts';
import { fileContent } from './content.ts';
import { linkTarget } from './entry-names.ts';
import { tarEntries, type TarInput } from './tar-entries.ts';

/** Finds the entries of a tar that can be read at any place: its headers are read, its bodies when they are wanted. */
export async function indexTarFile(file: FileHandle): Promise<Archive> {
  const archive = new Archive();
  const input = new FileInput(file, (await file.stat()).size);
  for await (const { name, type, size, linkName } of tarEntries(input)) {
    if (type === 'file') archive.addFile(name, fileContent(file, input.position, size));
    else if (type !== 'directory') archive.addLink(name, linkTarget(name, linkName, type));
  }
  return archive;
}

class FileInput implements TarInput {
  readonly #file: FileHandle;
  readonly #size: number;
  #position = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  get position(): number {
    return this.#position;
  }

  async read(size: number): Promise<Buffer> {
    const buffer = Buffer.alloc(size);
    let filled = 0;
    while (filled < size) {
      const { bytesRead } = await this.#file.read(
        buffer,
        filled,
        size - filled,
        this.#position + filled,
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.#position += filled;
    return buffer.subarray(0, filled);
  }

  skipTo(position: number): Promise<void> {
    if (position > this.#size) return Promise.reject(new ArchiveError('the archive is cut short'));
    this.#position = position;
    return Promise.resolve();
  }
}
