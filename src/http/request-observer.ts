/** Tells of every request once, when its answer is through or its client is gone. */
import type { Middleware } from 'koa';
import type { Repository } from '../oci/repository.ts';
import type { Outcome } from '../pull-through/outcome.ts';
import type { RequestState } from './context.ts';

/** nginx's number for a client that left before there was an answer; no client ever sees it. */
const CLIENT_LEFT = 499;

export interface ObservedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly operation: string;
  readonly status: number;
  /** How a content answer came about, else undefined. */
  readonly outcome: string | undefined;
  /** The content that was answered with: where it belongs, and how it came about. */
  readonly content: { readonly source: Repository; readonly outcome: Outcome } | undefined;
  readonly sentBytes: number;
  readonly durationMs: number;
  /** The answer did not get through whole. */
  readonly aborted: boolean;
  readonly remoteAddress: string | undefined;
  readonly userAgent: string;
  /** Who was signed in. */
  readonly account: string | undefined;
  readonly failure: unknown;
}

export function observeRequests(
  report: (request: ObservedRequest) => void,
): Middleware<RequestState> {
  return (ctx, next) => {
    const began = performance.now();
    const { res } = ctx;
    // Behind a reverse proxy that is the client it speaks for. Read now: a closed socket has none.
    const remoteAddress = ctx.ip;
    res.once('close', () => {
      const { operation, outcome, source, sentBytes, failure, account } = ctx.state;
      report({
        method: ctx.method,
        path: ctx.path,
        operation: operation ?? 'other',
        // Without an answer the response still says what Koa began it with, a 404.
        status: res.headersSent ? res.statusCode : CLIENT_LEFT,
        outcome: outcome?.kind === 'miss' && outcome.collapsed ? 'collapsed' : outcome?.kind,
        content: source && outcome && { source, outcome },
        sentBytes: sentBytes ?? 0,
        durationMs: performance.now() - began,
        aborted: !res.writableFinished,
        remoteAddress,
        userAgent: ctx.get('User-Agent'),
        account,
        failure,
      });
    });
    return next();
  };
}
