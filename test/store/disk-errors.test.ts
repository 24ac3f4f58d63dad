import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { StoreFullError } from '../../src/store/blob-store.ts';
import { onDisk } from '../../src/store/disk-errors.ts';

/** As Node tells of a system call; it has a name for most errors. */
function systemError(errno: number, code: string): Error {
  return Object.assign(new Error(`${code}: it failed, write`), { errno: -errno, code });
}

const { ENOSPC, EDQUOT, EFBIG } = constants.errno;

test('a used-up quota is a full disk, though Node has no name for it', async () => {
  for (const error of [
    systemError(ENOSPC, 'ENOSPC'),
    systemError(EDQUOT, `Unknown system error -${EDQUOT}`),
    systemError(EDQUOT, 'UNKNOWN'),
  ]) {
    await assert.rejects(
      onDisk(() => Promise.reject(error)),
      StoreFullError,
    );
  }
});

test('other failures of the disk stay what they are', async () => {
  const error = systemError(EFBIG, 'EFBIG');
  await assert.rejects(
    onDisk(() => Promise.reject(error)),
    error,
  );
});
