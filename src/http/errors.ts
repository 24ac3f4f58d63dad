/** The outermost middleware of every answer: a failure becomes a status and the spec's error body; a 5xx is logged here, once. */
import type { Middleware } from 'koa';
import { OciError, type OciErrorCode } from '../oci/error-codes.ts';
import type { Logger } from '../observe/log.ts';
import { TooYoungError } from '../pull-through/min-age.ts';
import { StoreFullError } from '../store/blob-store.ts';
import { UpstreamError } from '../upstream/errors.ts';
import type { RequestState } from './context.ts';

/** A client that went away; nobody reads the answer, and it is not our failure. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

export function errorMiddleware(log: Logger): Middleware<RequestState> {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && ctx.body == null && ctx.respond !== false) throw unknownPath();
      if (ctx.status === 405 && ctx.body == null) throw new OciError('UNSUPPORTED');
    } catch (error) {
      ctx.state.failure = error;
      if (ctx.res.headersSent) {
        // Never end a broken body cleanly: a short read is what tells the client.
        ctx.res.destroy();
        if (!(error instanceof ClientGoneError)) {
          log.warn({ err: error, path: ctx.path }, 'connection cut in mid-body');
        }
        return;
      }
      const answer = toOciError(error, ctx.state.operation);
      if (answer.status >= 500) log.error({ err: error, path: ctx.path }, 'request failed');
      const body = JSON.stringify({ errors: answer.entries });
      ctx.respond = true;
      for (const name of BODY_HEADERS) ctx.remove(name);
      ctx.set(answer.headers);
      ctx.status = answer.status;
      ctx.type = 'application/json';
      ctx.body = Buffer.from(body);
      ctx.set('Content-Type', 'application/json');
    }
  };
}

/** Headers that describe the content that is not sent after all (a stale length breaks the error's body). */
const BODY_HEADERS = ['Content-Length', 'Content-Range', 'Content-Type', 'ETag', 'Cache-Control'];

function unknownPath(): OciError {
  return new OciError('NAME_UNKNOWN', { message: 'no such path' });
}

/** Engine errors become the spec's in this one place. */
export function toOciError(error: unknown, operation: string | undefined): OciError {
  if (error instanceof OciError) return error;
  if (error instanceof UpstreamError) return fromUpstream(error, operation);
  if (error instanceof TooYoungError) {
    const { message, digest, until } = error;
    return new OciError('DENIED', { message, detail: { digest, until }, cause: error });
  }
  if (error instanceof ClientGoneError) return new OciError('SIZE_INVALID', { cause: error });
  if (error instanceof StoreFullError) {
    return new OciError('UNKNOWN', { status: 507, message: 'the disk is full', cause: error });
  }
  return new OciError('UNKNOWN', { cause: error });
}

function fromUpstream(error: UpstreamError, operation: string | undefined): OciError {
  const { message, retryAfter, kind } = error;
  const retry =
    retryAfter === undefined ? undefined : String(Math.max(1, Math.ceil(retryAfter / 1000)));
  const headers = retry === undefined ? {} : { 'Retry-After': retry };
  const gateway = { message, headers, cause: error };
  switch (kind) {
    case 'not-found':
    // Never a 401 or 403: it would make a client send its credentials here, or give up on its next mirror.
    case 'denied':
      return new OciError(unknownCode(operation), { cause: error });
    case 'rate-limited':
      return new OciError('TOOMANYREQUESTS', {
        message,
        headers: { 'Retry-After': retry ?? '1' },
        cause: error,
      });
    case 'timeout':
    // RFC 9111 §5.2.1.7: what may only come from the cache and is not in it is a gateway timeout.
    case 'offline':
      return new OciError('UNKNOWN', { ...gateway, status: 504 });
    case 'unreachable':
    case 'unavailable':
    case 'bad-answer':
      return new OciError('UNKNOWN', { ...gateway, status: 502 });
  }
}

function unknownCode(operation: string | undefined): OciErrorCode {
  if (operation === 'blob') return 'BLOB_UNKNOWN';
  return operation === 'manifest' ? 'MANIFEST_UNKNOWN' : 'NAME_UNKNOWN';
}
