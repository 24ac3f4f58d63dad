/** The route table: every endpoint, one line each, and what one must be allowed for it. */
import { API_ROOT } from '../api/protocol.ts';
import type { Action, Resource } from './access.ts';
import { getUsage, listEvictions, listFills, listMisses, listUpstreams } from './api/activity.ts';
import { deleteImage, refreshImage } from './api/change-image.ts';
import { collectGarbage } from './api/collect-garbage.ts';
import { importArchive } from './api/import.ts';
import { addPin, listPins, removePin } from './api/pins.ts';
import { getImage, listRepositories, listRepositoryTags } from './api/repositories.ts';
import { getStatus } from './api/status.ts';
import { verifyAll } from './api/verify.ts';
import { warmImages } from './api/warm.ts';
import { deleteBlob, getBlob } from './blobs.ts';
import type { Handler } from './context.ts';
import { type Health, livez, metricsPage, readyz } from './health.ts';
import { listCatalog, listReferrers, listTags } from './lists.ts';
import { deleteManifest, getManifest, putManifest } from './manifests.ts';
import { getPage, getPageFile, type PageFiles } from './page.ts';
import { ping } from './ping.ts';
import type { Services } from './services.ts';
import { getToken, postToken } from './token.ts';
import { TOKEN_PATH } from './token-path.ts';
import { deleteUpload, getUpload, patchUpload, postUpload, putUpload } from './uploads.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What handlers are made from. */
export interface Parts {
  readonly services: Services;
  readonly health: Health;
  readonly page: PageFiles;
}

/**
 * What an endpoint is about. `repository`: the one in the path; the handler asks for the right, because only it knows which one
 * is meant. `anybody`: it tells nothing that is stored, and is never kept from anybody.
 */
export type About = 'repository' | 'server' | Resource | 'anybody';

export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly action: Action;
  readonly about: About;
  readonly operation: string;
  readonly handler: (parts: Parts) => Handler;
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
  about: About,
  operation: string,
  handler: (parts: Parts) => Handler,
): Route {
  return { method, path, action, about, operation, handler };
}

type FromServices = (services: Services) => Handler;

/** About the repository in the path. */
function of(
  method: Method,
  path: string,
  action: Action,
  operation: string,
  handler: FromServices,
): Route {
  return route(method, path, action, 'repository', operation, ({ services }) => handler(services));
}

/** Of the JSON API. */
function api(method: Method, path: string, action: Action, handler: FromServices): Route {
  return route(method, API_ROOT + path, action, 'api', 'api', ({ services }) => handler(services));
}

export const ROUTES: readonly Route[] = [
  route('get', '/v2{/}', 'pull', 'server', 'ping', () => ping),
  route('get', '/v2/_catalog', 'pull', 'catalog', 'catalog', ({ services }) =>
    listCatalog(services),
  ),
  of('get', MANIFEST, 'pull', 'manifest', getManifest),
  of('put', MANIFEST, 'push', 'manifest', putManifest),
  of('delete', MANIFEST, 'delete', 'manifest', deleteManifest),
  of('post', UPLOADS, 'push', 'upload', postUpload),
  of('get', UPLOAD, 'push', 'upload', getUpload),
  of('patch', UPLOAD, 'push', 'upload', patchUpload),
  of('put', UPLOAD, 'push', 'upload', putUpload),
  of('delete', UPLOAD, 'push', 'upload', deleteUpload),
  of('get', BLOB, 'pull', 'blob', getBlob),
  of('delete', BLOB, 'delete', 'blob', deleteBlob),
  of('get', '/v2/*name/tags/list', 'pull', 'tags', listTags),
  of('get', '/v2/*name/referrers/:digest', 'pull', 'referrers', listReferrers),
  route('get', TOKEN_PATH, 'pull', 'anybody', 'token', ({ services }) => getToken(services)),
  route('post', TOKEN_PATH, 'pull', 'anybody', 'token', ({ services }) => postToken(services)),
  route('post', '/api/v1/import', 'push', 'server', 'import', ({ services }) =>
    importArchive(services),
  ),
  api('get', '/status', 'pull', getStatus),
  api('get', '/repositories', 'pull', listRepositories),
  api('get', '/tags', 'pull', listRepositoryTags),
  api('get', '/image', 'pull', getImage),
  api('delete', '/image', 'administer', deleteImage),
  api('post', '/refresh', 'administer', refreshImage),
  api('get', '/fills', 'pull', listFills),
  api('get', '/upstreams', 'pull', listUpstreams),
  api('get', '/usage', 'pull', getUsage),
  api('get', '/misses', 'pull', listMisses),
  api('get', '/evictions', 'pull', listEvictions),
  api('get', '/pins', 'pull', listPins),
  api('post', '/pins', 'administer', addPin),
  api('delete', '/pins', 'administer', removePin),
  api('post', '/gc', 'administer', collectGarbage),
  api('post', '/verify', 'administer', verifyAll),
  api('post', '/warm', 'administer', warmImages),
  route('get', '/healthz', 'pull', 'anybody', 'other', () => livez),
  route('get', '/readyz', 'pull', 'anybody', 'other', ({ health }) => readyz(health)),
  route('get', '/metrics', 'pull', 'api', 'other', ({ health }) => metricsPage(health)),
  route('get', '/', 'pull', 'anybody', 'other', ({ page }) => getPage(page)),
  route('get', '/page/:file', 'pull', 'anybody', 'other', ({ page }) => getPageFile(page)),
];
