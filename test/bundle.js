// The tests and the programs that they start, bundled once for all processes of a run: one that compiles its sources for
// itself takes longer to begin than most tests take. Not TypeScript, because it is what runs TypeScript.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { NODE_BUNDLE } from '../build/node-bundle.js';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** They load files of their own, and no server has them. */
const TOOLS = ['esbuild', 'playwright-core', 'prettier'];

/**
 * What runs is where `import.meta` says that its source is, so that it finds what lies beside it.
 *
 * @param {readonly string[]} files sources
 * @param {string} outDir an empty folder in the project, from where its packages are found
 * @returns {Promise<string[]>} what has become of the files, in their order
 */
export async function bundleTests(files, outDir) {
  const sources = files.map((file) => resolve(file));
  await build({
    ...NODE_BUNDLE,
    absWorkingDir: ROOT,
    entryPoints: [...new Set([...sources, ...(await programs())])],
    outbase: ROOT,
    outdir: outDir,
    chunkNames: 'shared/[hash]',
    external: [...NODE_BUNDLE.external, ...TOOLS],
    sourcemap: true,
    sourcesContent: false,
    plugins: [{ name: 'place of the source', setup: keepPlaces }],
  });
  return sources.map((source) => join(outDir, relative(ROOT, source).replace(/\.ts$/, '.js')));
}

/** What tests start as processes: the command line, and whatever is in a folder called `children`. */
async function programs() {
  const files = await readdir(join(ROOT, 'test'), { recursive: true });
  const children = files.filter((file) => dirname(file).split(sep).at(-1) === 'children');
  return [join(ROOT, 'src/main.ts'), ...children.map((file) => join(ROOT, 'test', file))];
}

/** @param {import('esbuild').PluginBuild} plugin */
function keepPlaces(plugin) {
  plugin.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
    const text = await readFile(path, 'utf8');
    const contents = text
      .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
      .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
    return { contents, loader: 'ts' };
  });
}
