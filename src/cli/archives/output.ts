import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const STDOUT = 1;

/**
 * Writes the bytes to a file, or with `-` to stdout. A file is there when it is whole: until then it has another name, and
 * it goes where the writing fails.
 */
export async function writeOutput(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const source = Readable.from(bytes, { objectMode: false });
  if (path === '-') {
    return await pipeline(source, createWriteStream('', { fd: STDOUT, autoClose: false }), {
      signal,
    });
  }
  const unfinished = `${path}.${randomUUID()}.part`;
  try {
    await pipeline(source, createWriteStream(unfinished, { flags: 'wx', flush: true }), { signal });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw isMissingFolder(error) ? new Error(`${dirname(path)}: there is no such folder`) : error;
  }
}

/** The only thing that may be missing: the file is made. */
function isMissingFolder(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
