// `npm test`: all test files of test/, or those named as arguments, each in a process of its own.
import { rmSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { run } from 'node:test';
import { spec, tap } from 'node:test/reporters';
import { bundleTests, ROOT } from './bundle.js';

/** Longer than any test takes, even on a machine that is busy; ms. */
const TIMEOUT = 120_000;

async function allTests() {
  const files = await readdir(join(ROOT, 'test'), { recursive: true });
  return files
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith('e2e'))
    .map((file) => join(ROOT, 'test', file))
    .toSorted();
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort());

const named = process.argv.slice(2);
const outDir = await mkdtemp(join(ROOT, '.test-'));
process.once('exit', () => rmSync(outDir, { recursive: true, force: true }));
// Where test/helpers/program.ts finds what tests start.
process.env['TEST_PROGRAMS'] = outDir;
const files = await bundleTests(named.length > 0 ? named : await allTests(), outDir);

const concurrency = availableParallelism();
const results = run({ files, concurrency, timeout: TIMEOUT, signal: stop.signal });
results.on('test:fail', () => {
  process.exitCode = 1;
});
results.pipe(process.stdout.isTTY ? new spec() : Duplex.from(tap)).pipe(process.stdout);
