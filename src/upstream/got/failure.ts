import type { IncomingHttpHeaders } from 'node:http';
import { UpstreamError } from '../errors.ts';
import { parseRetryAfter } from './retry-after.ts';

/** Failures after which the same request may well succeed, before anything was answered. */
const TRANSIENT = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);
const TRANSIENT_STATUS = new Set([502, 503, 504]);

/**
 * The UpstreamError for a request that failed on the wire.
 *
 * @param what - the request, for the message
 */
export function networkFailure(error: unknown, what: string): UpstreamError {
  if (error instanceof UpstreamError) return error;
  const cause = nativeCause(error);
  const message = `${what}: ${problemOf(cause)}`;
  const code = errorCode(cause) ?? '';
  // Node's HTTP parser: what came is not HTTP, or its headers are without end.
  if (code.startsWith('HPE_')) return new UpstreamError('bad-answer', message, { cause });
  if (code === 'ETIMEDOUT') return new UpstreamError('timeout', message, { cause });
  return new UpstreamError('unreachable', message, { cause });
}

export interface RefusedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As far as it was read. */
  readonly body: Uint8Array;
  /** It came from a storage host that upstream redirected to. */
  readonly fromStorage: boolean;
}

/**
 * The UpstreamError for an answer whose status is not the one hoped for.
 *
 * @param what - the request, for the message
 * @param now - ms since the epoch
 */
export function statusFailure(answer: RefusedAnswer, what: string, now: number): UpstreamError {
  const { status, headers } = answer;
  const code = registryCode(answer.body);
  const message = `${what}: status ${status}${code === undefined ? '' : ` (${code})`}`;
  const retryAfter = parseRetryAfter(headers['retry-after'], now);
  return new UpstreamError(kindOf(answer), message, { status, retryAfter });
}

function kindOf({ status, fromStorage }: RefusedAnswer): UpstreamError['kind'] {
  if (status === 404) return 'not-found';
  // Storage that refuses a signed URL disagrees with its registry; that does not deny us anything.
  if (status === 401 || status === 403) return fromStorage ? 'unavailable' : 'denied';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'unavailable' : 'bad-answer';
}

/** Whether the same request is worth repeating soon. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false;
  if (error.kind === 'unavailable') return TRANSIENT_STATUS.has(error.status ?? 0);
  return error.kind === 'unreachable' && TRANSIENT.has(errorCode(error.cause) ?? '');
}

export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Of an error of the system its name alone: its message tells an address, and clients get to see ours. The cause keeps it for the log. */
function problemOf(cause: Error): string {
  const code = errorCode(cause);
  if ('syscall' in cause && code !== undefined) return `${String(cause.syscall)} ${code}`;
  return cause.message === '' ? (code ?? 'failed') : cause.message;
}

/** The error of node below that of got, which refers to the whole request with its Authorization: no log may ever see that. */
function nativeCause(error: unknown): Error {
  if (error instanceof Error && 'options' in error) {
    return error.cause instanceof Error ? error.cause : new Error(error.message);
  }
  return error instanceof Error ? error : new Error(String(error));
}

/**
 * The error code of the spec in an error body. Nothing else of the body is repeated anywhere: some servers echo the URL, signature
 * included.
 */
function registryCode(body: Uint8Array): string | undefined {
  const text = Buffer.from(body).toString();
  return /"code"\s*:\s*"(\w{1,64})"/.exec(text)?.[1];
}
