import { constants } from 'node:os';
import { StoreFullError } from './blob-store.ts';

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

/** Absent, as opposed to any other failure of the disk. */
export function isAbsent(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

/** No space left, or no quota: the two that freeing space cures. EFBIG (a limit on one file) is not one of them. */
export function isFull(error: unknown): boolean {
  if (errorCode(error) === 'ENOSPC') return true;
  // Node has no name for it.
  return error instanceof Error && 'errno' in error && error.errno === -constants.errno.EDQUOT;
}

/** Runs `work` on the disk; a full one rejects with StoreFullError, its cause kept. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isFull(cause)) throw new StoreFullError('the disk is full', { cause });
    throw cause;
  }
}
