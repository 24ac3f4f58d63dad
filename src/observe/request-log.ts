import type { Logger } from './log.ts';

/** Of a request: what the access log tells. */
export interface LoggedRequest {
  readonly method: string;
  /** Without the query: it may hold what a client should not have sent. */
  readonly path: string;
  readonly status: number;
  readonly outcome: string | undefined;
  readonly sentBytes: number;
  readonly durationMs: number;
  /** The answer did not get through whole. */
  readonly aborted: boolean;
  readonly remoteAddress: string | undefined;
  readonly userAgent: string;
  /** Who was signed in. */
  readonly account: string | undefined;
}

/** One line per request, whatever became of it. Failures of the server are logged where they happen, with their cause. */
export function logRequest(log: Logger, request: LoggedRequest): void {
  const { method, path, status, outcome, sentBytes, aborted, remoteAddress, userAgent, account } =
    request;
  const durationMs = Math.round(request.durationMs);
  log.info(
    {
      method,
      path,
      status,
      outcome,
      sentBytes,
      durationMs,
      aborted,
      remoteAddress,
      userAgent,
      account,
    },
    'request',
  );
}
