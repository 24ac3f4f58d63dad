import pLimit from 'p-limit';

/**
 * Syncs hold a thread of the pool (four by default) for as long as the disk takes, up to seconds. With all of
 * them held, no reader of a blob that is long there would get a byte.
 */
const MAX_SYNCS = 2;

/** The pool is the process's, so its limit is too. */
const limit = pLimit(MAX_SYNCS);

/** Runs a sync when there is a thread to spare for it. */
export function syncInTurn(sync: () => Promise<void>): Promise<void> {
  return limit(sync);
}
