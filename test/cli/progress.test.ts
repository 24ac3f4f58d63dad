import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress } from '../../src/cli/progress.ts';
import { Recorder } from './terminal.ts';

test('where nothing can be drawn, a line tells of the begin, each tenth and the end', () => {
  const terminal = new Recorder();
  const progress = new Progress(terminal, { unit: 'bytes' });
  const layer = progress.add('sha256:abc', 2_000_000);
  for (let done = 0; done <= 2_000_000; done += 50_000) layer.update(done);
  layer.end('done');
  progress.close();
  const lines = terminal.said.trim().split('\n');
  assert.deepEqual(lines.slice(0, 3), [
    'sha256:abc: 2.00 MB',
    'sha256:abc: 10% of 2.00 MB',
    'sha256:abc: 20% of 2.00 MB',
  ]);
  assert.equal(lines.length, 12);
  assert.equal(lines.at(-1), 'sha256:abc: done');
});

test('work of unknown size tells of its begin and its end, until its size is known', () => {
  const terminal = new Recorder();
  const progress = new Progress(terminal, { unit: 'pieces' });
  const work = progress.add('one\u001b[2Jtwo');
  work.update(3);
  work.update(4, 8);
  work.end('failed');
  assert.equal(
    terminal.said,
    'one\ufffd[2Jtwo\none\ufffd[2Jtwo: 50% of 8\none\ufffd[2Jtwo: failed\n',
  );
});
