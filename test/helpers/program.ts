import { join } from 'node:path';

/** Words of a command line. */
export type Program = readonly [program: string, ...words: string[]];

const ROOT = join(import.meta.dirname, '../..');

/**
 * The words that run a source file as a process of its own, program first: what test/run.js has made of src/main.ts and of
 * the files in folders called `children`. Where something else runs the test, the source itself.
 */
export function program(source: string): Program {
  const made = process.env['TEST_PROGRAMS'];
  return made === undefined
    ? [process.execPath, '--import', import.meta.resolve('tsx'), join(ROOT, source)]
    : [process.execPath, '--enable-source-maps', join(made, source.replace(/\.ts$/, '.js'))];
}
