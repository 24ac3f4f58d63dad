import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Archive } from './archive.ts';
import { compressionOf } from './compression.ts';
import { fileContent } from './content.ts';
import { indexFolder } from './index-folder.ts';
import { indexTarFile } from './index-tar-file.ts';
import { type DepotFor, readTarStream } from './read-tar-stream.ts';

export interface OpenArchive {
  readonly archive: Archive;
  /** Ends the reading; nothing of the archive can be read any more. */
  close(): Promise<void>;
}

/**
 * Opens an archive on disk: the folder of an OCI layout, or a tar. A tar is read at its headers and then wherever it is
 * needed; one that is compressed, or a pipe, has to be read through like any stream.
 */
export async function openArchive(path: string, depotFor: DepotFor): Promise<OpenArchive> {
  const found = await stat(path);
  if (found.isDirectory()) {
    return { archive: await indexFolder(path), close: () => Promise.resolve() };
  }
  if (!found.isFile()) return await streamed(createReadStream(path), depotFor);
  const file = await open(path);
  try {
    const whole = fileContent(file, 0, found.size);
    if (compressionOf(await whole.head()) === 'none') {
      return { archive: await indexTarFile(file), close: () => file.close() };
    }
    const opened = await streamed(whole.open(), depotFor);
    await file.close();
    return opened;
  } catch (error) {
    await closeQuietly(file);
    throw error;
  }
}

async function streamed(
  source: AsyncIterable<Uint8Array>,
  depotFor: DepotFor,
): Promise<OpenArchive> {
  return {
    archive: await readTarStream(source, depotFor),
    close: () => Promise.resolve(),
  };
}

/** The failure that led here counts; a file that was only read loses nothing. */
async function closeQuietly(file: FileHandle): Promise<void> {
  await file.close().catch(() => undefined);
}
