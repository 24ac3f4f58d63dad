import { lstat, open, readdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Archive } from './archive.ts';
import { ArchiveError, quoted } from './archive-error.ts';
import { type EntryContent, fileContent } from './content.ts';
import { MAX_ENTRIES } from './limits.ts';

/**
 * Finds the files of an OCI layout that was not put into a tar. Links are followed inside of the folder only: whoever
 * made it could otherwise have any file of this machine published.
 */
export async function indexFolder(folder: string): Promise<Archive> {
  const index = new FolderIndex(await realpath(folder));
  await index.addAll();
  return index.archive;
}

class FolderIndex {
  readonly archive = new Archive();
  readonly #root: string;
  #entries = 0;

  constructor(root: string) {
    this.#root = root;
  }

  addAll(): Promise<void> {
    return this.#folder(this.#root, '', new Set());
  }

  /**
   * @param path - without links in it
   * @param above - the folders that led here: a link back to one of them would have no end
   */
  async #folder(path: string, name: string, above: ReadonlySet<string>): Promise<void> {
    if (above.has(path)) return;
    const within = new Set([...above, path]);
    for (const child of await readdir(path)) {
      this.#entries += 1;
      if (this.#entries > MAX_ENTRIES) {
        throw new ArchiveError(`the folder has more than ${MAX_ENTRIES} entries`);
      }
      await this.#entry(join(path, child), name === '' ? child : `${name}/${child}`, within);
    }
  }

  async #entry(path: string, name: string, above: ReadonlySet<string>): Promise<void> {
    const stat = await lstat(path);
    if (stat.isDirectory()) await this.#folder(path, name, above);
    else if (stat.isFile()) this.archive.addFile(name, folderContent(path, stat.size));
    else if (stat.isSymbolicLink()) await this.#link(path, name, above);
  }

  async #link(path: string, name: string, above: ReadonlySet<string>): Promise<void> {
    const found = await realpath(path);
    const target = relative(this.#root, found);
    if (target === '..' || target.startsWith(`..${sep}`)) {
      throw new ArchiveError(`the link ${quoted(name)} leads out of the folder`);
    }
    if ((await lstat(found)).isDirectory()) await this.#folder(found, name, above);
    else this.archive.addLink(name, target.split(sep).join('/'));
  }
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
