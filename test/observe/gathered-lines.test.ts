import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { GatheredLines } from '../../src/observe/gathered-lines.ts';
import { createLogger } from '../../src/observe/log.ts';
import { program } from '../helpers/program.ts';

function gathered() {
  const writes: string[] = [];
  const lines = new GatheredLines({ write: (text) => void writes.push(text) });
  return { log: createLogger('info', lines), writes };
}

function messages(written: string | undefined): string[] {
  const lines = written?.trimEnd().split('\n') ?? [];
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

test('the lines of one turn of the event loop are written together and in order', async () => {
  const { log, writes } = gathered();
  log.info('one');
  log.info('two');
  assert.deepEqual(writes, []);
  await turn();
  assert.deepEqual(writes.map(messages), [['one', 'two']]);
  log.info('three');
  await turn();
  assert.deepEqual(messages(writes[1]), ['three']);
});

test('a warning is written at once, behind what was said before it', async () => {
  const { log, writes } = gathered();
  log.info('one');
  log.warn('two');
  assert.deepEqual(writes.map(messages), [['one', 'two']]);
  log.error('three');
  assert.deepEqual(messages(writes[1]), ['three']);
  await turn();
  assert.equal(writes.length, 2);
});

for (const [end, code] of [
  ['exit', 3],
  ['crash', 1],
] as const) {
  test(`what was said before the ${end} is written`, async () => {
    const [node, ...words] = program('test/observe/children/last-words.ts');
    const said = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(node, [...words, end], (error, _, stderr) => resolve({ code: error?.code, stderr }));
    });
    assert.equal(said.code, code);
    assert.match(said.stderr, /"msg":"last words"/);
  });
}
