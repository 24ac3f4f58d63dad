/** Puts the route table in force: nobody gets to a handler but through here. */
import { Router } from '@koa/router';
import { OciError } from '../oci/error-codes.ts';
import type { Access, Action } from './access.ts';
import type { Context, RequestState } from './context.ts';
import { requireLocalOrigin } from './local-origin.ts';
import type { Permissions, Visit } from './permissions.ts';
import { type Parts, type Route, ROUTES } from './routes.ts';

/**
 * Where pulls are never asked who makes them: `registry-mirrors` of Docker's daemon, which would answer with what it has for
 * Docker Hub. Credentials that come all the same are not looked at.
 */
export const MIRROR_PATH = '/mirror';

/** Everything, with the mirror in a folder of its own. */
export function createRouter(parts: Parts): Router<RequestState> {
  const router = new Router<RequestState>();
  for (const route of ROUTES) {
    router[route.method](route.path, answer(route, 'registry', parts));
    if (isPull(route))
      router[route.method](MIRROR_PATH + route.path, answer(route, 'mirror', parts));
  }
  return router;
}

/** The mirror alone, for a port of its own: Docker's daemon before 24.0.8 takes no path for a mirror. */
export function createMirrorRouter(parts: Parts): Router<RequestState> {
  const router = new Router<RequestState>();
  for (const route of ROUTES) {
    if (isPull(route)) router[route.method](route.path, answer(route, 'mirror', parts));
  }
  return router;
}

const isPull = ({ action, path }: Route): boolean => action === 'pull' && path.startsWith('/v2');

function answer(route: Route, entrance: Visit['entrance'], parts: Parts) {
  const { action, path, operation } = route;
  const { access } = parts.services;
  const handler = route.handler(parts);
  return async (ctx: Context): Promise<void> => {
    ctx.state.operation = operation;
    if (access.operatorsOnly) requireLocalOrigin(ctx);
    if (!access.isTurnedOn(action)) throw turnedOff(action, allowedAt(path, access));
    await handler(ctx, await admit(ctx, route, entrance, parts));
  };
}

async function admit(
  ctx: Context,
  { action, about }: Route,
  entrance: Visit['entrance'],
  { services: { authenticator } }: Parts,
): Promise<Permissions> {
  switch (about) {
    case 'anybody':
      return authenticator.anybody();
    case 'repository':
      return authenticator.admit(ctx, entrance, action);
    case 'server': {
      const permissions = await authenticator.admit(ctx, entrance, action);
      permissions.requireAny(action);
      return permissions;
    }
    case 'catalog':
    case 'api': {
      const permissions = await authenticator.admit(ctx, entrance, action, about);
      permissions.requireAny(action, about);
      return permissions;
    }
  }
}

function allowedAt(path: string, access: Access): readonly string[] {
  const open = ROUTES.filter((one) => one.path === path && access.isTurnedOn(one.action));
  return open.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : method.toUpperCase()));
}

/** RFC 9110 §15.5.6: a 405 says what is allowed, if only nothing. */
function turnedOff(action: Action, allowed: readonly string[]): OciError {
  return new OciError('UNSUPPORTED', {
    message: `${action === 'delete' ? 'deletes' : 'pushes'} are turned off`,
    headers: { Allow: allowed.join(', ') },
  });
}
