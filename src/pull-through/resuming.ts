import { UpstreamError } from '../upstream/errors.ts';
import { backoff } from './backoff.ts';

/** Tries without a single byte of progress after which it gives up. */
const MAX_TRIES = 5;

/**
 * Before the headers a failure is an answer, due while the client still waits (its next mirror may do better), and a
 * timeout has used up that wait; after them, bytes are at stake.
 */
export function triesAllowed(answered: boolean, error: UpstreamError): number {
  if (answered) return MAX_TRIES;
  return error.kind === 'timeout' ? 0 : 1;
}

export interface ResumingOptions {
  readonly signal: AbortSignal;
  /** Where the bytes end, as far as anybody has told. */
  readonly end: () => number | undefined;
  /** How often, one after the other, such a failure is passed over. */
  readonly tries: (error: UpstreamError) => number;
  readonly onResume: (at: number, cause: Error) => void;
}

/**
 * The bytes from `start` on that `open` gives, across connections: what drops or stalls is opened again where it ended. Progress resets
 * the count of tries.
 */
export async function* resuming(
  start: number,
  open: (position: number) => AsyncIterable<Uint8Array>,
  { signal, end, tries: allowed, onResume }: ResumingOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = start;
  for (let tries = 0; ;) {
    const before = position;
    try {
      for await (const chunk of open(position)) {
        position += chunk.byteLength;
        yield chunk;
      }
      return;
    } catch (error) {
      tries = position > before ? 1 : tries + 1;
      if (!isPassing(error)) throw error;
      // Only the end mark of a body without a length is missing. To ask for what lies behind the last byte would be refused.
      if (position > before && position === end()) return;
      if (tries > allowed(error)) throw error;
      onResume(position, error);
      await backoff(tries, signal);
    }
  }
}

/** Failures of the connection or of the moment, as against an answer that says no. */
function isPassing(error: unknown): error is UpstreamError {
  return (
    error instanceof UpstreamError &&
    (error.kind === 'unreachable' || error.kind === 'timeout' || error.kind === 'unavailable')
  );
}
