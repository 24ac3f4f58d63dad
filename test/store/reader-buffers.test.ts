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

  it('are smaller ones for whoever comes when there are many', () => {
    const readers = new ReaderBuffers();
    const bytes = Array.from({ length: 2_000 }, () => readers.take()).map(({ buffers }) => {
      const used = new Set([buffers.next(MIB).buffer, buffers.next(MIB).buffer]);
      return [...used].reduce((sum, { byteLength }) => sum + byteLength, 0);
    });
    assert.deepEqual([bytes[0], bytes[7], bytes[8]], [2 * MIB, 2 * MIB, MIB / 2]);
    assert.equal(bytes.at(-1), MIB / 32);
    const together = (count: number): number =>
      bytes.slice(0, count).reduce((sum, size) => sum + size, 0);
    assert.ok(together(200) < 36 * MIB, `${together(200)} for 200`);
    assert.ok(together(1_000) < 64 * MIB, `${together(1_000)} for 1000`);
  });

  it('are large again once the many have left', () => {
    const readers = new ReaderBuffers();
    for (const { release } of Array.from({ length: 200 }, () => readers.take())) release();
    assert.equal(readers.take().buffers.next(MIB).length, MIB);
  });
});
