/** `npm run bench`: Holdfast beside its peers, in one run. */
import { describeMachine } from './machine.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import type { Row } from './row.ts';
import { coldImage } from './rows/cold-image.ts';
import { coldLargeBlob } from './rows/cold-large-blob.ts';
import { eviction } from './rows/eviction.ts';
import { manyClients } from './rows/many-clients.ts';
import { pushLargeBlob } from './rows/push-large-blob.ts';
import { restart } from './rows/restart.ts';
import { warmLargeBlob } from './rows/warm-large-blob.ts';
import { warmManifest } from './rows/warm-manifest.ts';
import { warmSmallBlob } from './rows/warm-small-blob.ts';
import { runRow } from './run-row.ts';
import { renderResult } from './table.ts';
import { missingTools } from './tools.ts';
import { usedMemory } from './used-memory.ts';

const ROWS: readonly Row[] = [
  warmManifest,
  warmSmallBlob,
  warmLargeBlob,
  coldLargeBlob,
  manyClients,
  coldImage,
  pushLargeBlob,
  restart,
  eviction,
];

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const unknown = options.rows.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `no such row: ${unknown.join(', ')}\nrows: ${ROWS.map(({ name }) => name).join(', ')}\n\n${USAGE}\n`,
    );
    return 2;
  }
  const missing = await missingTools();
  if (missing.length > 0) {
    process.stderr.write(
      `not installed: ${missing.join(', ')}\non Debian: apt-get install ${missing.join(' ')}\n`,
    );
    return 2;
  }
  const stop = new AbortController();
  // The row in progress is ended in order: no server is left behind.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
  }
  process.stdout.write(`${describeMachine()}\n`);
  if (options.quick) {
    await runRows(options, stop.signal);
  } else {
    const release = await usedMemory(options);
    try {
      await runRows(options, stop.signal);
    } finally {
      await release();
    }
  }
  return 0;
}

async function runRows(options: Options, signal: AbortSignal): Promise<void> {
  for (const row of ROWS) {
    if (options.rows.length > 0 && !options.rows.includes(row.name)) continue;
    const result = await runRow(row, options, signal, (text) => process.stderr.write(`${text}\n`));
    process.stdout.write(`\n${renderResult(result)}\n`);
  }
}
