import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Archive } from './archive.ts';
import { ArchiveError, quoted } from './archive-error.ts';
import { type EntryContent, fileContent } from './content.ts';

/**
 * Finds the files of an OCI layout that was not put into a tar. Links are followed inside of the folder only: whoever
 * made it could otherwise have any file of this machine published.
 */
export async function indexFolder(folder: string): Promise<Archive> {
  const archive = new Archive();
  const root = await realpath(folder);
  for (const path of await readdir(root, { recursive: true })) {
    const name = path.split(sep).join('/');
    const stat = await lstat(join(root, path));
    if (stat.isFile()) archive.addFile(name, folderContent(join(root, path), stat.size));
    else if (stat.isSymbolicLink()) archive.addLink(name, await targetOf(root, name));
  }
  return archive;
}

async function targetOf(root: string, name: string): Promise<string> {
  const target = relative(root, await realpath(join(root, name)));
  if (target === '..' || target.startsWith(`..${sep}`)) {
    throw new ArchiveError(`the link ${quoted(name)} leads out of the folder`);
  }
  return target.split(sep).join('/');
}

/** Opened for each reading: a layout may have more blobs than a process may have open files. */
function folderContent(path: string, size: number): EntryContent {
  return {
    size,
    head: async () => {
      const file = await open(path);
      try {
        return await fileContent(file, 0, size).head();
      } finally {
        await file.close();
      }
    },
    open: async function* () {
      const file = await open(path);
      try {
        yield* fileContent(file, 0, size).open();
      } finally {
        await file.close();
      }
    },
  };
}
