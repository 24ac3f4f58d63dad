/**
 * Why an upstream could not answer. The kind decides what a client gets and whether held content may be served
 * instead; the message is shown to clients too: no credentials, no signed URLs, no addresses, nothing of another client's request.
 *
 * - `not-found`: 404. The only kind that means "does not exist".
 * - `denied`: 401 or 403 after our own authentication, or a realm or redirect that policy refuses.
 * - `rate-limited`: 429.
 * - `unreachable`: DNS, refused, reset, TLS failure, refused address.
 * - `timeout`: connect, headers or idle limit passed.
 * - `unavailable`: 5xx.
 * - `bad-answer`: an answer that breaks the protocol: wrong digest, too large, unexpected status.
 * - `offline`: not asked at all: configured offline, or the breaker is open.
 */
export type UpstreamErrorKind =
  | 'not-found'
  | 'denied'
  | 'rate-limited'
  | 'unreachable'
  | 'timeout'
  | 'unavailable'
  | 'bad-answer'
  | 'offline';

export interface UpstreamErrorOptions {
  /** Milliseconds to wait before asking again, where upstream (or the breaker) tells. */
  readonly retryAfter?: number | undefined;
  /** The status of upstream's answer, where there was one. */
  readonly status?: number | undefined;
  readonly cause?: unknown;
}

export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly kind: UpstreamErrorKind;
  readonly retryAfter: number | undefined;
  readonly status: number | undefined;

  constructor(kind: UpstreamErrorKind, message: string, options: UpstreamErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfter = options.retryAfter;
    this.status = options.status;
  }
}
