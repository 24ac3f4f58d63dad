/**
 * `npm run build:page [DIR]`: bundles src/page into DIR (dist/page): index.html, one script, one style sheet, one icon.
 * All but index.html are named by their content, so that they can be cached for ever.
 */
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { licenses } from './licenses.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = join(ROOT, 'src/page');
/** The path at which the server has the built files. */
const PUBLIC_PATH = '/page/';

/**
 * Builds the page into `outDir`, in the place of what was there. Rejects with esbuild's messages where the source is
 * wrong, and leaves things as they were then.
 */
export async function buildPage(outDir: string): Promise<void> {
  await mkdir(dirname(outDir), { recursive: true });
  const fresh = await mkdtemp(`${outDir}-`);
  // It is the builder's alone so far; the server may well be another user.
  await chmod(fresh, 0o755);
  try {
    await bundle(fresh);
    await rm(outDir, { recursive: true, force: true });
    await rename(fresh, outDir);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

async function bundle(outDir: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(SOURCE, 'main.tsx'), join(SOURCE, 'icon.svg')],
    outdir: outDir,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'copy' },
    legalComments: 'none',
    logLevel: 'warning',
  });
  const outputs = Object.keys(metafile.outputs).map((path) => basename(path));
  const html = await readFile(join(SOURCE, 'index.html'), 'utf8');
  await writeFile(
    join(outDir, 'index.html'),
    html.replaceAll(/%(\w+)%/g, (_, extension: string) => PUBLIC_PATH + named(outputs, extension)),
  );
  await writeFile(join(outDir, 'licenses.txt'), await licenses(metafile, ROOT));
}

function named(outputs: readonly string[], extension: string): string {
  const found = outputs.find((name) => name.endsWith(`.${extension}`));
  if (found === undefined) throw new Error(`the bundle has no .${extension} file`);
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildPage(process.argv[2] ?? join(ROOT, 'dist/page'));
}
