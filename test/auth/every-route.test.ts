/** Walks the route table: every method of every route, asked by everybody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { MIRROR_PATH } from '../../src/http/router.ts';
import { type Route, ROUTES } from '../../src/http/routes.ts';
import { pushSample, sample, type Server } from '../spec/pushing.ts';
import { as, startWithAccounts, statusOf, withToken } from './signing-in.ts';

/** What a route needs. A route that is not named here is one that nobody has thought about. */
const NEEDS: Readonly<Record<string, Need>> = {
  'get /v2{/}': 'a sign of life',
  'get /v2/_catalog': 'anything',
  'get /v2/*name/manifests/:reference': 'pull',
  'put /v2/*name/manifests/:reference': 'push',
  'delete /v2/*name/manifests/:reference': 'delete',
  'post /v2/*name/blobs/uploads{/}': 'push',
  'get /v2/*name/blobs/uploads/:id': 'push',
  'patch /v2/*name/blobs/uploads/:id': 'push',
  'put /v2/*name/blobs/uploads/:id': 'push',
  'delete /v2/*name/blobs/uploads/:id': 'push',
  'get /v2/*name/blobs/:digest': 'pull',
  'delete /v2/*name/blobs/:digest': 'delete',
  'get /v2/*name/tags/list': 'pull',
  'get /v2/*name/referrers/:digest': 'pull',
  'get /token': 'nothing',
  'post /token': 'nothing',
  'get /api/v1/status': 'anything',
  'get /api/v1/repositories': 'anything',
  'get /api/v1/tags': 'anything',
  'get /api/v1/image': 'anything',
  'delete /api/v1/image': 'administer',
  'post /api/v1/refresh': 'administer',
  'get /api/v1/fills': 'anything',
  'get /api/v1/upstreams': 'anything',
  'get /api/v1/usage': 'anything',
  'get /api/v1/misses': 'anything',
  'get /api/v1/evictions': 'anything',
  'get /api/v1/pins': 'anything',
  'post /api/v1/pins': 'administer',
  'delete /api/v1/pins': 'administer',
  'post /api/v1/gc': 'administer',
  'post /api/v1/verify': 'administer',
  'post /api/v1/import': 'a push somewhere',
  'post /api/v1/warm': 'administer',
  'get /healthz': 'nothing',
  'get /readyz': 'nothing',
  'get /metrics': 'anything',
  'get /': 'nothing',
  'get /page/:file': 'nothing',
};

/** `anything`: the right to something, somewhere. */
type Need =
  | 'nothing'
  | 'a sign of life'
  | 'anything'
  | 'pull'
  | 'a push somewhere'
  | 'push'
  | 'delete'
  | 'administer';

const NAME = 'team/app';
const RULES = [
  { match: 'team/**', grant: { puller: ['pull'], pusher: ['push'], owner: ['push', 'delete'] } },
];
const ACCOUNTS = ['outsider', 'puller', 'pusher', 'owner', 'admin'] as const;

/** What accounts meet all of. */
const MAY: Readonly<Record<(typeof ACCOUNTS)[number], readonly Need[]>> = {
  outsider: ['nothing', 'a sign of life', 'anything', 'a push somewhere'],
  puller: ['nothing', 'a sign of life', 'anything', 'a push somewhere', 'pull'],
  pusher: ['nothing', 'a sign of life', 'anything', 'a push somewhere', 'pull', 'push'],
  owner: ['nothing', 'a sign of life', 'anything', 'a push somewhere', 'pull', 'push', 'delete'],
  admin: [
    'nothing',
    'a sign of life',
    'anything',
    'a push somewhere',
    'pull',
    'push',
    'delete',
    'administer',
  ],
};

const IMAGE = sample('every route');
const PARAMETERS: Readonly<Record<string, string>> = {
  '*name': NAME,
  ':reference': 'v1',
  ':digest': digestOf(IMAGE.layer),
  ':id': '00000000-0000-4000-8000-000000000000',
  ':file': 'style.css',
  '{/}': '/',
};

function pathOf({ path }: Route): string {
  return path.replaceAll(/\*\w+|:\w+|\{\/\}/g, (parameter) => PARAMETERS[parameter] ?? parameter);
}

const keyOf = ({ method, path }: Route): string => `${method} ${path}`;

function needOf(route: Route): Need {
  const need = NEEDS[keyOf(route)];
  assert.ok(need !== undefined, `${keyOf(route)} has no rule in this test`);
  return need;
}

/** HEAD goes where GET goes. */
function methodsOf({ method }: Route): readonly string[] {
  return method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()];
}

/** Not whether it succeeds, but whether it is let in: 401 and 403 say no. */
async function assertLetIn(
  server: Server,
  route: Route,
  expected: 'in' | 401 | 403,
  who: string,
): Promise<void> {
  for (const method of methodsOf(route)) {
    // Says to the API that it is no page of another site that asks.
    const headers = { 'X-Holdfast': '1' };
    const status = await statusOf(server, pathOf(route), { method, headers });
    const found = status === 401 || status === 403 ? status : 'in';
    assert.equal(found, expected, `${who}: ${method} ${pathOf(route)} → ${status}`);
  }
}

test('every route is known here, and every one that is known here exists', () => {
  assert.deepEqual(Object.keys(NEEDS).toSorted(), ROUTES.map(keyOf).toSorted());
});

const settings = { accounts: ACCOUNTS, auth: { rules: RULES, administrators: ['admin'] } };

test('every route lets in whom it should, with a password and with a token', async (t) => {
  const { holdfast } = await startWithAccounts(t, settings);
  await pushSample(as(holdfast, 'admin'), NAME, 'v1', 'every route');
  // Deletes last: what they leave behind has nothing to show.
  const routes = ROUTES.toSorted((one, other) => order(one) - order(other));
  const scopes = [`repository:${NAME}:pull,push,delete`, 'registry:catalog:*', 'registry:api:*'];
  for (const name of ACCOUNTS) {
    const withPassword = as(holdfast, name);
    const bearer = await withToken(holdfast, name, ...scopes);
    for (const route of routes) {
      const expected = MAY[name].includes(needOf(route)) ? 'in' : 403;
      await assertLetIn(withPassword, route, expected, name);
      // No token is had for a token.
      if (route.path !== '/token') await assertLetIn(bearer, route, expected, `${name}’s token`);
    }
  }
});

const order = ({ method }: Route): number => (method === 'delete' ? 1 : 0);

test('every route sends away who is nobody, unless it is for everybody', async (t) => {
  const { holdfast } = await startWithAccounts(t, settings);
  await pushSample(as(holdfast, 'admin'), NAME, 'v1', 'every route');
  for (const route of ROUTES) {
    // Some repositories are for everybody, so that lists are too.
    const open = ['nothing', 'anything'].includes(needOf(route));
    await assertLetIn(holdfast, route, open ? 'in' : 401, 'nobody');
  }
});

test('every route of a server that is closed to nobody, is', async (t) => {
  const { holdfast } = await startWithAccounts(t, {
    ...settings,
    auth: { rules: RULES, anonymous: 'none' },
  });
  for (const route of ROUTES) {
    // Not even a token that is good for nothing.
    const open = needOf(route) === 'nothing' && keyOf(route) !== 'get /token';
    await assertLetIn(holdfast, route, open ? 'in' : 401, 'nobody');
  }
});

test('a token is good for what it was asked for, and nothing else', async (t) => {
  const { holdfast } = await startWithAccounts(t, settings);
  await pushSample(as(holdfast, 'admin'), NAME, 'v1', 'every route');
  const needs = ['pull', 'push', 'delete'] as const;
  for (const action of needs) {
    const server = await withToken(holdfast, 'admin', `repository:${NAME}:${action}`);
    for (const route of ROUTES.filter((one) => one.path.includes('*name'))) {
      if (action === 'delete' && route.method === 'delete') continue;
      const covered = needOf(route) === action;
      await assertLetIn(server, route, covered ? 'in' : 401, `token to ${action}`);
    }
  }
  const elsewhere = await withToken(holdfast, 'admin', 'repository:team/other:pull,push,delete');
  for (const route of ROUTES.filter((one) => one.path.includes('*name'))) {
    await assertLetIn(elsewhere, route, 401, 'token for another repository');
  }
});

test('at the mirror nobody is ever asked who they are, and nothing is changed', async (t) => {
  const { holdfast } = await startWithAccounts(t, settings);
  await pushSample(as(holdfast, 'admin'), NAME, 'v1', 'every route');
  await pushSample(as(holdfast, 'admin'), 'open/app', 'v1', 'every route');
  for (const server of [holdfast, as(holdfast, 'admin')]) {
    for (const route of ROUTES.filter(({ path }) => path.startsWith('/v2'))) {
      for (const method of methodsOf(route)) {
        const path = MIRROR_PATH + pathOf(route);
        const open = await statusOf(server, path.replace(NAME, 'open/app'), { method });
        const closed = await statusOf(server, path, { method });
        const changes = route.action !== 'pull';
        // An upload's path reads as that of a blob there.
        assert.equal(open < 300, !changes, `${method} ${path} → ${open}`);
        if (changes) assert.ok([400, 404, 405].includes(open), `${method} ${path} → ${open}`);
        if (path.includes(NAME)) assert.ok([400, 404, 405].includes(closed), `${method} ${path}`);
      }
    }
  }
});
