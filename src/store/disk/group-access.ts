import { chmod, stat } from 'node:fs/promises';
import { algorithmDirectory, BLOB_ALGORITHMS, blobsDirectory } from './blob-path.ts';

const OWNER_FOLDER = 0o700;
/** Folders inside of `blobs/`. */
export const GROUP_FOLDER = 0o750;
/** To pass through a folder without seeing what is in it. */
const GROUP_MAY_PASS = 0o010;

/**
 * Decides whether the group of the server's user may read committed blobs. Everything inside of `blobs/` is readable for
 * the group; the mode of `blobs/` itself opens or closes it all, so that a change takes effect at once, however many
 * files there are. Of the folder around it the group may only pass through.
 */
export async function setGroupAccess(dir: string, mayRead: boolean): Promise<void> {
  for (const algorithm of BLOB_ALGORITHMS)
    await chmod(algorithmDirectory(dir, algorithm), GROUP_FOLDER);
  await chmod(blobsDirectory(dir), mayRead ? GROUP_FOLDER : OWNER_FOLDER);
  if (!mayRead) return;
  const { mode } = await stat(dir);
  if ((mode & GROUP_MAY_PASS) === 0) await chmod(dir, (mode & 0o777) | GROUP_MAY_PASS);
}
