import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A file system of its own of so many MiB; undefined where mounting is not permitted. Gone after everything that the test ends itself. */
export async function smallDisk(t: TestContext, megabytes: number): Promise<string | undefined> {
  const parent = await mkdtemp(join(tmpdir(), 'holdfast-disk-'));
  const dir = join(parent, 'disk');
  await mkdir(dir);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir]);
  } catch {
    await rm(parent, { recursive: true });
    return undefined;
  }
  t.after(async () => {
    // Lazily: what a test that has failed left open must not keep the rest of it from ending.
    await run('umount', ['-l', dir]);
    await rm(parent, { recursive: true });
  });
  return dir;
}
