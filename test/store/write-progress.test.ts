/** What followers may have from memory; that they get it, with the bytes of files, is the contract of `blob-follow`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WITHHELD } from '../../src/store/blob-store.ts';
import { WriteProgress } from '../../src/store/write-progress.ts';

const LARGE = 100_000;

/** Bytes that tell where they are. */
function bytesFrom(start: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (start + at) % 251);
}

test('bytes may be had from memory before they are written, from any position in them', () => {
  const progress = new WriteProgress(1_000);
  progress.expectSize(10 * LARGE);
  const bytes = bytesFrom(1_000, LARGE);
  progress.arrive(bytes);
  assert.equal(progress.visibleEnd, 1_000);
  assert.deepEqual(progress.inMemory(1_000, Infinity), bytes);
  assert.deepEqual(progress.inMemory(51_000, Infinity), bytes.subarray(50_000));
  assert.deepEqual(progress.inMemory(51_000, 51_010), bytes.subarray(50_000, 50_010));
  for (const position of [0, 999, 1_000 + LARGE]) {
    assert.equal(progress.inMemory(position, Infinity), undefined, `${position}`);
  }
});

test('the end is withheld in memory too, until it is verified', () => {
  for (const told of [true, false]) {
    const progress = new WriteProgress(0);
    if (told) progress.expectSize(LARGE);
    const bytes = bytesFrom(0, LARGE);
    progress.arrive(bytes);
    assert.equal(progress.inMemory(0, Infinity)?.length, LARGE - WITHHELD);
    assert.equal(progress.inMemory(LARGE - WITHHELD, Infinity), undefined);
    progress.resize(LARGE);
    progress.verify();
    assert.deepEqual(progress.inMemory(0, Infinity), bytes);
  }
});

test('memory that is used again is not read any more, and what came after it is not forgotten with it', () => {
  const progress = new WriteProgress(0);
  progress.expectSize(10 * LARGE);
  const forgetFirst = progress.arrive(bytesFrom(0, LARGE));
  progress.resize(LARGE);
  const second = bytesFrom(LARGE, LARGE);
  const forgetSecond = progress.arrive(second);
  forgetFirst();
  assert.deepEqual(progress.inMemory(LARGE, Infinity), second);
  forgetSecond();
  assert.equal(progress.inMemory(LARGE, Infinity), undefined);
});

test('a small blob stays in memory when it is written, whatever becomes of the memory that it came in', () => {
  // A Buffer's own `slice` copies nothing.
  for (const bytes of [bytesFrom(0, 2_000), Buffer.from(bytesFrom(0, 2_000))]) {
    const progress = new WriteProgress(0);
    const forget = progress.arrive(bytes);
    progress.resize(2_000);
    forget();
    bytes.fill(0);
    assert.equal(progress.inMemory(0, Infinity), undefined, 'all of it is withheld');
    progress.verify();
    assert.deepEqual(progress.inMemory(0, Infinity), bytesFrom(0, 2_000));
  }
});

test('what is cut off is gone from memory', () => {
  const progress = new WriteProgress(0);
  progress.expectSize(10 * LARGE);
  progress.arrive(bytesFrom(0, 2_000));
  progress.resize(2_000);
  progress.resize(500);
  assert.equal(progress.inMemory(0, Infinity), undefined);
});
