import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AlternatingBuffers, ReaderBuffers } from '../../src/store/disk/reader-buffers.ts';

const MIB = 1024 * 1024;

describe('the buffers of readers', () => {
  it('are two in turn, no larger than what is asked for needs', () => {
    const buffers = new AlternatingBuffers(MIB);
    const [first, second, third] = [buffers.next(20_000), buffers.next(20_000), buffers.next(9)];
    assert.deepEqual([first.length, second.length, third.length], [20_000, 20_000, 9]);
    assert.notEqual(first.buffer, second.buffer);
    assert.equal(first.buffer, third.buffer);
    assert.ok(first.buffer.byteLength < 40_000);
    assert.equal(buffers.next(5 * MIB).length, MIB);
  });

  it('are small ones for whoever comes when there are many', () => {
    const readers = new ReaderBuffers();
    const large = Array.from({ length: 64 }, () => readers.take());
    const late = readers.take();
    assert.equal(large.at(-1)?.buffers.next(MIB).length, MIB);
    assert.equal(late.buffers.next(MIB).length, MIB / 8);
    late.release();
    for (const { release } of large) release();
    assert.equal(readers.take().buffers.next(MIB).length, MIB);
  });
});
