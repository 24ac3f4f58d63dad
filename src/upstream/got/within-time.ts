import { UpstreamError } from '../errors.ts';

/**
 * Waits for work that others share, and leaves it be when the time is up or the signal aborts.
 *
 * @param what - the request, for the message
 * @throws UpstreamError - `timeout`; or the reason of the signal
 */
export function withinTime<T>(
  work: Promise<T>,
  ms: number,
  what: string,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      reject(new UpstreamError('timeout', `${what}: no token within the time limit`));
    }, ms);
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    });
  });
}
