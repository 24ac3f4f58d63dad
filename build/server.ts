/**
 * `npm run build:server [DIR]`: bundles the program into DIR (dist): main.js, what it loads when it is needed, and the hashing
 * thread. A start that has to find and read some six hundred files takes twice as long.
 */
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { licenses } from './licenses.ts';
import { NODE_BUNDLE } from './node-bundle.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Builds the program into `outDir`, in the place of what was there; the page, which is built apart, stays. */
export async function buildServer(outDir: string): Promise<void> {
  const { metafile, outputFiles } = await build({
    ...NODE_BUNDLE,
    absWorkingDir: ROOT,
    entryPoints: [join(ROOT, 'src/main.ts'), join(ROOT, 'src/store/disk/hash-thread-main.js')],
    outdir: outDir,
    entryNames: '[name]',
    metafile: true,
    write: false,
  });
  await clear(outDir);
  for (const { path, contents } of outputFiles) await writeFile(path, contents);
  await writeFile(join(outDir, 'licenses.txt'), await licenses(metafile, ROOT));
  await chmod(join(outDir, 'main.js'), 0o755);
}

/** What an earlier build has left would stay for ever. */
async function clear(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true });
  for (const name of await readdir(outDir)) {
    if (name !== 'page') await rm(join(outDir, name), { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildServer(process.argv[2] ?? join(ROOT, 'dist'));
}
