import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { AnsweringThread } from '../src/answering-thread.ts';
import { program } from './helpers/program.ts';

/** Answers with twice the number; a negative one is its end, in the way that `-1`, `-2`, … stand for. */
const PROGRAM = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', (number) => {
  if (number === -1) throw new Error('broken');
  if (number === -2) process.exit();
  parentPort.postMessage(number * 2);
});
`;

function doubling() {
  const begun: Worker[] = [];
  const thread = new AnsweringThread<number, number>('the thread', () => {
    const worker = new Worker(PROGRAM, { eval: true, execArgv: [] });
    begun.push(worker);
    return worker;
  });
  return { thread, begun };
}

test('every message gets its own answer, all from one thread', async () => {
  const { thread, begun } = doubling();
  assert.equal(begun.length, 0);
  const asked = [1, 2, 3].map((number) => thread.ask(number));
  assert.equal(thread.pending, 3);
  assert.deepEqual(await Promise.all(asked), [2, 4, 6]);
  assert.equal(thread.pending, 0);
  assert.equal(begun.length, 1);
  await thread.close();
});

for (const [how, end, error] of [
  ['breaks', -1, /broken/],
  ['ends', -2, /the thread has ended/],
] as const) {
  test(`a thread that ${how} fails those who wait, and the next message begins another`, async () => {
    const { thread, begun } = doubling();
    assert.equal(await thread.ask(1), 2);
    const waiting = await Promise.allSettled([end, 3].map((one) => thread.ask(one)));
    for (const one of waiting) {
      assert.ok(one.status === 'rejected');
      assert.match(String(one.reason), error);
    }
    assert.equal(await thread.ask(4), 8);
    assert.equal(begun.length, 2);
    await thread.close();
  });
}

test('closing fails those who wait', async () => {
  const { thread } = doubling();
  const asked = assert.rejects(thread.ask(1), /the thread has ended/);
  await thread.close();
  await asked;
  await new AnsweringThread('never begun', () => assert.fail()).close();
});

test('what cannot be sent is nobody’s answer', async () => {
  const { thread } = doubling();
  const unsendable: AnsweringThread<unknown, number> = thread;
  await assert.rejects(
    unsendable.ask(() => 1),
    /could not be cloned/,
  );
  assert.equal(await thread.ask(5), 10);
  await thread.close();
});

test('a process waits for its answers, and for nothing else', async () => {
  const [node, ...words] = program('test/children/one-answer.ts');
  const child = spawn(node, [...words, PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks = child.stdout.toArray();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.equal(Buffer.concat((await chunks) as Buffer[]).toString(), '2\n');
});
