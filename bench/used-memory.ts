import { createReadStream } from 'node:fs';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Options } from './options.ts';

const READ = 4 * 1024 * 1024;

/**
 * Fills the page cache, as it is on a server that has been up for a while. On a virtual machine memory that was not used
 * lately has to be fetched from the host again, by whoever happens to come first: 2 CPU-seconds per GB were seen, more than
 * all the rest of a cold pull. What it returns makes room again.
 */
export async function usedMemory(options: Options): Promise<() => Promise<void>> {
  const file = join(options.dir ?? tmpdir(), `holdfast-bench-memory-${process.pid}`);
  await writeFile(file, '');
  // Nothing but a hole: it takes no disk, but memory when it is read.
  await truncate(file, totalmem());
  for await (const _ of createReadStream(file, { highWaterMark: READ })) continue;
  return () => rm(file, { force: true });
}
