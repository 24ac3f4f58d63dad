// How the program is bundled, and its tests with it. Not TypeScript, because it is also what runs TypeScript.

/** They load files of their own (native code, WebAssembly), or are loaded by name into a thread. */
const LEFT_OUTSIDE = ['better-sqlite3', '@bokuweb/zstd-wasm', 'bcryptjs'];

/** Packages of the older module system call for node's modules by `require`. */
const BANNER = `import { createRequire as createRequireHere } from 'node:module';
const require = createRequireHere(import.meta.url);`;

/** @satisfies {import('esbuild').BuildOptions} */
export const NODE_BUNDLE = {
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: LEFT_OUTSIDE,
  banner: { js: BANNER },
  // Stacks of failures name functions as the sources do.
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
};
