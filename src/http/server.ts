/** Koa behind a node:http(s) server with the time limits that registry clients need. */
import { readFileSync, watchFile, unwatchFile } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Router } from '@koa/router';
import Koa from 'koa';
import type { Logger } from '../observe/log.ts';
import { CONNECTION_LIMITS, type ConnectionLimits } from './connection-limits.ts';
import type { RequestState } from './context.ts';
import { errorMiddleware } from './errors.ts';
import { IdleConnections } from './idle-connections.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { SilentConnections } from './silent-connections.ts';
import { WarmAnswers } from './warm-answers.ts';
import { observeRequests, type ObservedRequest } from './request-observer.ts';

/** While it stops: a restart should not wait longer than its slowest request. */
const CLOSE_IDLE_MS = 100;
/** So long a request may be on its way on a connection that was opened just before. */
const CUT_SILENT_MS = 1_000;
/** Certificates are renewed every few weeks; polling works on every file system, also mounted secrets. */
const CERTIFICATE_POLL_MS = 10_000;

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Not null: every client comes through a proxy, whose `X-Forwarded-*` headers are believed. */
  readonly reverseProxy?: object | null;
  readonly limits?: ConnectionLimits;
  /** How often the certificate's files are looked at. */
  readonly certificatePollMs?: number;
  readonly router: Router<RequestState>;
  readonly log: Logger;
  readonly onRequest: (request: ObservedRequest) => void;
}

export class HttpServer {
  readonly #server: Server | TlsServer;
  readonly #silent: SilentConnections;
  readonly #stopWatching: () => void;

  private constructor(
    server: Server | TlsServer,
    silent: SilentConnections,
    stopWatching: () => void,
  ) {
    this.#server = server;
    this.#silent = silent;
    this.#stopWatching = stopWatching;
  }

  /** Resolves when it listens; rejects with the system's error where it cannot. */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const warm = new WarmAnswers(options.onRequest);
    const handle = createApp(options, warm).callback();
    const silent = new SilentConnections();
    const idle = new IdleConnections();
    const listener = oneAtATime((req, res) => {
      silent.heard(req.socket);
      idle.began(req, res);
      if (!warm.answer(req, res)) void handle(req, res);
    });
    const { tls, limits = CONNECTION_LIMITS } = options;
    const settings = {
      connectionsCheckingInterval: limits.checkMs,
      headersTimeout: limits.headersMs,
      keepAliveTimeout: limits.keepAliveMs,
      // Pushes of many gigabytes take their time: what counts is that bytes move (idleMs).
      requestTimeout: 0,
    };
    const server = tls
      ? createTlsServer(
          { ...settings, ...readTls(tls), handshakeTimeout: limits.headersMs },
          listener,
        )
      : createServer(settings, listener);
    idle.watch(server, limits.idleMs);
    silent.watch(server, { tls: tls !== null });
    // No 'clientError' handler: Node's own answers 400, which is what makes a client that tried TLS first fall back.
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const stopWatching = tls ? reloadOnChange(server as TlsServer, tls, options) : () => undefined;
    return new HttpServer(server, silent, stopWatching);
  }

  get address(): { readonly host: string; readonly port: number } {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  /** Stops accepting, lets running requests finish for at most `graceMs`, then cuts what is left. */
  async close(graceMs: number): Promise<void> {
    this.#stopWatching();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    // A kept-alive connection turns idle when its request has finished, and nothing else would close it then.
    const closeIdle = (): void => this.#server.closeIdleConnections();
    closeIdle();
    const idle = setInterval(closeIdle, CLOSE_IDLE_MS);
    const cutSilent = setTimeout(() => this.#silent.cut(), CUT_SILENT_MS);
    const timer = new AbortController();
    await Promise.race([
      closed,
      sleep(graceMs, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
    clearInterval(idle);
    clearTimeout(cutSilent);
    this.#silent.cut();
    this.#server.closeAllConnections();
    await closed;
  }
}

function createApp(options: HttpServerOptions, warm: WarmAnswers): Koa<RequestState> {
  const { router, log, onRequest, reverseProxy = null } = options;
  // One proxy: of X-Forwarded-For only the last address is its own word, what stands before is the client's.
  const app = new Koa<RequestState>({ proxy: reverseProxy !== null, maxIpsCount: 1 });
  // What reaches Koa's own handler has passed ours: it is only ever a broken socket.
  app.on('error', (error: unknown) => log.debug({ err: error }, 'connection error'));
  app.use(observeRequests(onRequest));
  app.use((ctx, next) => {
    ctx.set('Docker-Distribution-Api-Version', 'registry/2.0');
    return next();
  });
  app.use(errorMiddleware(log));
  app.use(async (ctx, next) => {
    await next();
    warm.keep(ctx);
  });
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}

function readTls(tls: { readonly cert: string; readonly key: string }) {
  return {
    cert: readFileSync(tls.cert),
    key: readFileSync(tls.key),
    minVersion: 'TLSv1.2' as const,
  };
}

function reloadOnChange(
  server: TlsServer,
  tls: { readonly cert: string; readonly key: string },
  { log, certificatePollMs = CERTIFICATE_POLL_MS }: HttpServerOptions,
): () => void {
  const reload = (): void => {
    try {
      server.setSecureContext(readTls(tls));
      log.info('certificate reloaded');
    } catch (error) {
      // Half-written, or key and certificate do not belong together yet: the next change tries again.
      log.error({ err: error }, 'certificate not reloaded, the old one stays in use');
    }
  };
  const files = [tls.cert, tls.key];
  for (const file of files) {
    watchFile(file, { interval: certificatePollMs, persistent: false }, reload);
  }
  return () => {
    for (const file of files) unwatchFile(file, reload);
  };
}
