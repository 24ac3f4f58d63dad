import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/**
 * Whoever passes a bundle on passes on the packages in it: their licences want to be named. Rejects where a package has no
 * file that tells one.
 * @param root - the folder that the bundle's inputs are relative to
 */
export async function licenses(metafile: Metafile, root: string): Promise<string> {
  const folders = new Set(
    Object.keys(metafile.inputs).flatMap((path) => {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
      return folder === undefined ? [] : [folder];
    }),
  );
  const texts = Array.from([...folders].toSorted(), async (folder) => {
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return `${name}\n\n${(await licenseIn(join(root, folder))).trim()}\n`;
  });
  return (await Promise.all(texts)).join('\n---\n\n');
}

async function licenseIn(folder: string): Promise<string> {
  const files = await readdir(folder);
  const file = files.find((name) => /^licen[cs]e/i.test(name)) ?? files.find(isReadme);
  if (file === undefined) throw new Error(`${folder} has no licence`);
  return readFile(join(folder, file), 'utf8');
}

/** Some have their licence in there. */
function isReadme(name: string): boolean {
  return /^readme/i.test(name);
}
