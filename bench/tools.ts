import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The programs that are compared with or loaded with: all of them are packages of Debian by the same name. */
const NEEDED = ['wrk', 'nginx', 'docker-registry'];

/** The needed programs that are not installed. */
export async function missingTools(): Promise<readonly string[]> {
  const found = await Promise.all(NEEDED.map(isInstalled));
  return NEEDED.filter((_, index) => found[index] === false);
}

async function isInstalled(tool: string): Promise<boolean> {
  // Where Debian keeps nginx; a user's path often lacks it.
  const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin`;
  process.env['PATH'] = path;
  for (const dir of path.split(delimiter)) {
    try {
      await access(join(dir, tool), constants.X_OK);
      return true;
    } catch {
      // Not in this directory.
    }
  }
  return false;
}
