import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** What the descriptors of a process stand for (Linux); those that were closed between the two looks are left out. */
export async function openDescriptors(pid: number | 'self' = 'self'): Promise<readonly string[]> {
  const dir = `/proc/${pid}/fd`;
  const links = (await readdir(dir)).map((fd) => readlink(join(dir, fd)));
  const results = await Promise.allSettled(links);
  return results.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
}
