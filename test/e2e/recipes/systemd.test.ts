/** deploy/holdfast.service by systemd's own judgement. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '../../helpers/mirror.ts';
import { fill } from '../../helpers/snippet.ts';
import { programEnvironment, run } from '../command.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Out of 100; systemd calls it OK below 20, and most services of a distribution are above 90. */
const MAX_EXPOSURE = 20;

/** The unit, for a program that is there. */
async function unit(t: TestContext): Promise<string> {
  const file = join(await temporaryDirectory(t), 'holdfast.service');
  const text = await readFile(join(ROOT, 'deploy/holdfast.service'), 'utf8');
  const program = { '/usr/bin/node': process.execPath, '/opt/holdfast/dist': join(ROOT, 'dist') };
  await writeFile(file, fill(text, program));
  return file;
}

function analyze(t: TestContext, ...args: readonly string[]): Promise<string> {
  return run('systemd-analyze', args, programEnvironment(), t.signal);
}

test('systemd understands every line of the unit', async (t) => {
  assert.equal(await analyze(t, 'verify', await unit(t)), '');
});

test('the unit leaves the service little to do harm with', async (t) => {
  const options = ['--offline=true', `--threshold=${MAX_EXPOSURE}`];
  assert.match(await analyze(t, 'security', ...options, await unit(t)), /Overall exposure level/);
});
