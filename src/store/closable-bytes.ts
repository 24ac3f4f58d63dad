import type { Bytes } from './blob-store.ts';

const nothing = (): Promise<void> => Promise.resolve();

/**
 * Makes a generator safe to leave at any moment. A bare one has two gaps: `return()` before the first
 * `next()` skips its `finally`, and `return()` during a `next()` waits for as long as that waits. Here
 * `release` runs exactly once however the iteration ends, and `return()` aborts the signal that the
 * generator waits with.
 */
export function closableBytes(
  generate: (left: AbortSignal) => AsyncGenerator<Uint8Array, void, undefined>,
  release: () => Promise<void> = nothing,
): Bytes {
  const leaving = new AbortController();
  const bytes = generate(leaving.signal);
  let released: Promise<void> | undefined;
  const end = (): Promise<void> => (released ??= release());
  const iterator: AsyncIterator<Uint8Array, void> = {
    async next() {
      try {
        const result = await bytes.next();
        if (result.done === true) await end();
        return result;
      } catch (error) {
        await end();
        throw error;
      }
    },
    async return() {
      leaving.abort();
      await bytes.return();
      await end();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
