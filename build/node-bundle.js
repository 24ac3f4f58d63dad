// How the program is bundled, and its tests with it. Not TypeScript, because it is also what runs TypeScript.

/** They load files of their own (native code, WebAssembly), or are loaded by name into a thread. */
const LEFT_OUTSIDE = ['better-sqlite3', '@bokuweb/zstd-wasm', 'bcryptjs'];

/** Packages of the older module system call for node's modules by `require`. */
const BANNER = `import { createRequire as createRequireHere } from 'node:module';
const require = createRequireHere(import.meta.url);`;

/**
 * Without `keepNames`, which spends an eighth of a request's time on naming functions that have kept their names anyway.
 * @satisfies {import('esbuild').BuildOptions}
 */
export const NODE_BUNDLE = {
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: LEFT_OUTSIDE,
  // Koa's packages bring two versions of it, each with its own list of all types.
  alias: { 'mime-types': 'mime-types' },
  banner: { js: BANNER },
  legalComments: 'none',
  logLevel: 'warning',
};
