/** Tells of every request once, when its answer is through or its client is gone. */
import type { IncomingMessage, ServerResponse } from 'node:http';
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

export type Report = (request: ObservedRequest) => void;

/** One request, and what is known of it by the time that its answer is through. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Without the query. */
  readonly path: string;
  readonly remoteAddress: string | undefined;
  readonly state: RequestState;
}

export function observeRequests(report: Report): Middleware<RequestState> {
  return (ctx, next) => {
    const { req, res, path, state } = ctx;
    // Behind a reverse proxy that is the client it speaks for. Read now: a closed socket has none.
    observe({ req, res, path, state, remoteAddress: ctx.ip }, report);
    return next();
  };
}

export function observe({ req, res, path, remoteAddress, state }: Exchange, report: Report): void {
  const began = performance.now();
  res.once('close', () => {
    const { operation, outcome, source, sentBytes, failure, account } = state;
    report({
      method: req.method ?? '',
      path,
      operation: operation ?? 'other',
      // Without an answer the response still says what Koa began it with, a 404.
      status: res.headersSent ? res.statusCode : CLIENT_LEFT,
      outcome: outcome?.kind === 'miss' && outcome.collapsed ? 'collapsed' : outcome?.kind,
      content: source && outcome && { source, outcome },
      sentBytes: sentBytes ?? 0,
      durationMs: performance.now() - began,
      aborted: !res.writableFinished,
      remoteAddress,
      userAgent: req.headers['user-agent'] ?? '',
      account,
      failure,
    });
  });
}
