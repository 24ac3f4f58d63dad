import type { Digest } from '../oci/digest.ts';

/**
 * One at a time for each digest: a blob is committed and recorded, or found to be needed by nobody and removed, but
 * never both at once. A process has its directory for itself, so a lock in memory is enough.
 */
export class DigestLocks {
  /** Settles, never rejecting, when the last task queued so far is done. */
  readonly #tails = new Map<Digest, Promise<void>>();

  /** Runs `task` after those that came before it; gives what it gives. A task that asks for its own digest again never ends. */
  run<Value>(digest: Digest, task: () => Promise<Value>): Promise<Value> {
    return this.runAll([digest], task);
  }

  /** As `run`, alone for every one of the digests. All of them are queued for at once, so that nobody waits in a circle. */
  async runAll<Value>(digests: readonly Digest[], task: () => Promise<Value>): Promise<Value> {
    const before = digests.map((digest) => this.#tails.get(digest) ?? Promise.resolve());
    const result = Promise.all(before).then(task);
    const tail = result.then(settle, settle);
    for (const digest of digests) this.#tails.set(digest, tail);
    try {
      return await result;
    } finally {
      for (const digest of digests) {
        if (this.#tails.get(digest) === tail) this.#tails.delete(digest);
      }
    }
  }
}

function settle(): void {
  // How a task ends is its own caller's business.
}
