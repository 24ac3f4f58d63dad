import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DirectoryInUseError, DirectoryLock } from '../../src/store/sqlite/directory-lock.ts';
import { Holdfast } from '../helpers/holdfast.ts';

test('a directory is for one process at a time, and free again when it ends', async () => {
  const holdfast = await Holdfast.start();
  try {
    await assert.rejects(DirectoryLock.take(holdfast.dir), DirectoryInUseError);
    await assert.rejects(Holdfast.start({ dir: holdfast.dir }), /another Holdfast is using/);
    // A start that was refused has not disturbed the one that runs.
    assert.equal((await holdfast.fetch('/readyz')).status, 200);
  } finally {
    await holdfast.close();
  }
});
