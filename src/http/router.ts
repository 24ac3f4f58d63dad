/** The route table: every endpoint, one line each. */
import { Router } from '@koa/router';
import { OciError } from '../oci/error-codes.ts';
import type { Action } from './access.ts';
import { deleteBlob, getBlob } from './blobs.ts';
import type { Handler, RequestState } from './context.ts';
import { type Health, livez, metricsPage, readyz } from './health.ts';
import { listCatalog, listReferrers, listTags } from './lists.ts';
import { deleteManifest, getManifest, putManifest } from './manifests.ts';
import { ping } from './ping.ts';
import type { Services } from './services.ts';
import { deleteUpload, getUpload, patchUpload, postUpload, putUpload } from './uploads.ts';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

interface Route {
  readonly method: Method;
  readonly path: string;
  readonly action: Action;
  readonly operation: string;
  readonly handler: Handler;
}

// `*name` is greedy, so a route is found from the right: a repository may well be called `a/blobs/b`.
const MANIFEST = '/v2/*name/manifests/:reference';
const BLOB = '/v2/*name/blobs/:digest';
const UPLOADS = '/v2/*name/blobs/uploads{/}';
const UPLOAD = '/v2/*name/blobs/uploads/:id';

function route(
  method: Method,
  path: string,
  action: Action,
  operation: string,
  handler: Handler,
): Route {
  return { method, path, action, operation, handler };
}

function routes(services: Services): readonly Route[] {
  return [
    route('get', '/v2{/}', 'pull', 'ping', ping),
    route('get', '/v2/_catalog', 'pull', 'catalog', listCatalog(services)),
    route('get', MANIFEST, 'pull', 'manifest', getManifest(services)),
    route('put', MANIFEST, 'push', 'manifest', putManifest(services)),
    route('delete', MANIFEST, 'delete', 'manifest', deleteManifest(services)),
    route('post', UPLOADS, 'push', 'upload', postUpload(services)),
    route('get', UPLOAD, 'push', 'upload', getUpload(services)),
    route('patch', UPLOAD, 'push', 'upload', patchUpload(services)),
    route('put', UPLOAD, 'push', 'upload', putUpload(services)),
    route('delete', UPLOAD, 'push', 'upload', deleteUpload(services)),
    route('get', BLOB, 'pull', 'blob', getBlob(services)),
    route('delete', BLOB, 'delete', 'blob', deleteBlob(services)),
    route('get', '/v2/*name/tags/list', 'pull', 'tags', listTags(services)),
    route('get', '/v2/*name/referrers/:digest', 'pull', 'referrers', listReferrers(services)),
  ];
}

export function createRouter(services: Services, health: Health): Router<RequestState> {
  const router = new Router<RequestState>();
  const { access } = services;
  const all = routes(services);
  for (const { method, path, action, operation, handler } of all) {
    router[method](path, async (ctx) => {
      ctx.state.operation = operation;
      if (!access.isTurnedOn(action)) throw turnedOff(action, methodsOf(path));
      access.requireAction(action);
      await handler(ctx);
    });
  }

  function methodsOf(path: string): readonly string[] {
    const open = all.filter((one) => one.path === path && access.isTurnedOn(one.action));
    return open.flatMap(({ method }) =>
      method === 'get' ? ['GET', 'HEAD'] : method.toUpperCase(),
    );
  }
  router.get('/healthz', livez);
  router.get('/readyz', readyz(health));
  router.get('/metrics', metricsPage(health));
  return router;
}

/** RFC 9110 §15.5.6: a 405 says what is allowed, if only nothing. */
function turnedOff(action: Action, allowed: readonly string[]): OciError {
  return new OciError('UNSUPPORTED', {
    message: `${action === 'delete' ? 'deletes' : 'pushes'} are turned off`,
    headers: { Allow: allowed.join(', ') },
  });
}
