import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeGathered } from '../../src/store/write-gathered.ts';
import { chunksOf, contentOf, Feed } from '../contracts/bytes.ts';
import { Gate } from '../helpers/gate.ts';

const NEVER = new AbortController().signal;
const CHUNK = 16 * 1024;

describe('gathered writes', () => {
  it('write at once what comes slowly', async () => {
    const writes: number[] = [];
    const feed = new Feed();
    const wrote: (() => void)[] = [];
    const writing = writeGathered(
      feed,
      async (bytes) => {
        writes.push(bytes.length);
        wrote.shift()?.();
      },
      NEVER,
    );
    for (const size of [10, 20_000, 300]) {
      const done = new Promise<void>((resolve) => wrote.push(resolve));
      feed.give(contentOf(size));
      await done;
    }
    feed.end();
    await writing;
    assert.deepEqual(writes, [10, 20_000, 300]);
  });

  it('write few large pieces where the disk is the slower one', async () => {
    const content = contentOf(8_000_000);
    const written: Buffer[] = [];
    await writeGathered(
      chunksOf(content, CHUNK),
      async (bytes) => {
        for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
        written.push(Buffer.from(bytes));
      },
      NEVER,
    );
    assert.ok(content.equals(Buffer.concat(written)));
    assert.ok(written.length < 20, `${written.length} writes`);
  });

  it('ask the source for no more than the two buffers hold while the disk stands', async () => {
    const gate = new Gate();
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += CHUNK;
        yield new Uint8Array(CHUNK);
      }
    }
    const stop = new AbortController();
    const writing = writeGathered(endless(), () => gate.pass(), stop.signal);
    const rejected = assert.rejects(writing, /enough/);
    await gate.reached;
    for (let turn = 0; turn < 1000; turn += 1) await new Promise(setImmediate);
    assert.ok(given > 0 && given <= 2 * 1024 * 1024 + CHUNK, `${given} bytes taken`);
    stop.abort(new Error('enough'));
    gate.release();
    await rejected;
  });

  it('fail with the disk, also while the source has nothing to give', async () => {
    const feed = new Feed();
    feed.give(contentOf(10));
    const failure = new Error('I/O error');
    await assert.rejects(
      writeGathered(feed, () => Promise.reject(failure), NEVER),
      failure,
    );
    assert.ok(feed.left);
  });
});
