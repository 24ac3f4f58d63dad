import { UpstreamError } from '../upstream/errors.ts';

/** containerd gives up on a mirror whose headers are not there after 30 s; the answer must be out before. */
const HEADERS_DEADLINE_MS = 25_000;
/** Earlier, where something held can be served instead: the client still waits for that. */
export const FALLBACK_DEADLINE_MS = 20_000;

/** What a client waits for before its headers go out, for as long as it may wait; `waited` itself goes on. */
export async function withDeadline<Value>(
  waited: Promise<Value>,
  what: string,
  deadlineMs = HEADERS_DEADLINE_MS,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new UpstreamError('timeout', `${what}: no answer from upstream in time`));
    }, deadlineMs);
  });
  try {
    return await Promise.race([waited, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
