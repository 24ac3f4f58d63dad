import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

const DESCRIPTORS = '/proc/self/fd';

/** Files under `dir` that this process has open; only Linux tells, elsewhere none are found. */
export async function openFiles(dir: string): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const targets: string[] = [];
  for (const descriptor of await readdir(DESCRIPTORS)) {
    // The descriptor that the listing itself used is gone by now.
    const target = await readlink(join(DESCRIPTORS, descriptor)).catch(() => '');
    if (target.startsWith(dir)) targets.push(target);
  }
  return targets;
}
