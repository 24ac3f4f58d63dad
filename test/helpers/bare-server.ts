import type { TestContext } from 'node:test';
import type { Router } from '@koa/router';
import type { RequestState } from '../../src/http/context.ts';
import { HttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import { createLogger } from '../../src/observe/log.ts';
import { cleanUp } from './clean-up.ts';

/** The HTTP server alone, with the test's own routes, on a free port; it ends with the test. */
export async function startBareServer(
  t: TestContext,
  router: Router<RequestState>,
  options: Partial<HttpServerOptions> = {},
): Promise<HttpServer> {
  const server = await HttpServer.listen({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    log: createLogger('silent'),
    onRequest: () => undefined,
    ...options,
    router,
  });
  cleanUp(t, () => server.close(0));
  return server;
}
