/** Who is asked to sign in, and how. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHoldfast } from '../helpers/mirror.ts';
import { pushSample } from '../spec/pushing.ts';
import { refusal } from '../spec/refusal.ts';
import { send } from '../spec/wire.ts';
import { as, basic, sending, startWithAccounts, statusOf, withToken } from './signing-in.ts';

async function challengeOf(response: Response): Promise<string> {
  assert.equal(response.status, 401);
  await response.arrayBuffer();
  return response.headers.get('www-authenticate') ?? '';
}

test('without accounts /v2/ is 200, and credentials are not looked at', async (t) => {
  const holdfast = await startHoldfast(t, {});
  for (const authorization of [undefined, basic('alice'), 'Bearer nonsense', 'Digest x=y']) {
    assert.equal(await statusOf(sending(holdfast, authorization), '/v2/'), 200, authorization);
  }
  await refusal(await holdfast.fetch('/token'), 404, 'NAME_UNKNOWN');
});

test('with accounts /v2/ asks for a token, by one challenge', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  for (const path of ['/v2/', '/v2']) {
    assert.equal(
      await challengeOf(await holdfast.fetch(path)),
      `Bearer realm="${holdfast.url}/token",service="holdfast"`,
    );
  }
  const head = await send(holdfast, 'HEAD', '/v2/');
  assert.equal(head.headers.get('docker-distribution-api-version'), 'registry/2.0');
  assert.equal(head.headers.get('cache-control'), 'no-store');
});

test('/v2/ lets in who has a password or any token, also nobody’s', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  assert.equal(await statusOf(as(holdfast, 'alice'), '/v2/'), 200);
  assert.equal(await statusOf(await withToken(holdfast, 'alice'), '/v2/'), 200);
  assert.equal(await statusOf(await withToken(holdfast, undefined), '/v2/'), 200);
});

test('pulls that anybody may do need no token, and no ping before them', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const { digest } = await pushSample(as(holdfast, 'alice'), 'team/app', 'v1');
  for (const path of [
    '/v2/team/app/manifests/v1',
    `/v2/team/app/manifests/${digest}`,
    '/v2/team/app/tags/list',
    `/v2/team/app/referrers/${digest}`,
    '/v2/_catalog',
    '/metrics',
  ]) {
    assert.equal(await statusOf(holdfast, path), 200, path);
  }
});

test('a challenge names what the token has to be good for', async (t) => {
  const { holdfast } = await startWithAccounts(t, { auth: { anonymous: 'none' } });
  const cases: [method: string, path: string, scope: string][] = [
    ['GET', '/v2/team/app/manifests/v1', 'repository:team/app:pull'],
    ['PUT', '/v2/team/app/manifests/v1', 'repository:team/app:pull,push'],
    ['POST', '/v2/team/app/blobs/uploads/', 'repository:team/app:pull,push'],
    ['DELETE', '/v2/team/app/manifests/v1', 'repository:team/app:delete'],
    ['GET', '/v2/_catalog', 'registry:catalog:*'],
  ];
  for (const [method, path, scope] of cases) {
    assert.equal(
      await challengeOf(await send(holdfast, method, path)),
      `Bearer realm="${holdfast.url}/token",service="holdfast",scope="${scope}"`,
    );
  }
});

test('a token that is not good for it is told so', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const puller = await withToken(holdfast, 'alice', 'repository:team/app:pull');
  const post = await puller.fetch('/v2/team/app/blobs/uploads/', { method: 'POST' });
  assert.match(
    await challengeOf(post),
    /,scope="repository:team\/app:pull,push",error="insufficient_scope"$/,
  );
});

test('what cannot be read as credentials is refused, also where nobody needs any', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  await pushSample(as(holdfast, 'alice'), 'team/app', 'v1');
  const path = '/v2/team/app/manifests/v1';
  for (const authorization of [
    'Digest username="x"',
    'Basic',
    'Basic bm9jb2xvbg==',
    'Bearer a b',
  ]) {
    assert.equal(await statusOf(sending(holdfast, authorization), path), 401, authorization);
  }
  const invalid = await challengeOf(await sending(holdfast, 'Bearer nonsense').fetch(path));
  assert.match(invalid, /,scope="repository:team\/app:pull",error="invalid_token"$/);
  assert.equal(await statusOf(sending(holdfast, basic('', '')), path), 200);
});

test('the realm is where the client is', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const realmAt = async (host: string): Promise<string | undefined> => {
    const challenge = await challengeOf(
      await send(holdfast, 'GET', '/v2/', {
        headers: { host, 'x-forwarded-host': 'evil.example' },
      }),
    );
    return /realm="([^"]*)"/.exec(challenge)?.[1];
  };
  assert.equal(await realmAt('registry.example:5000'), 'http://registry.example:5000/token');
  assert.equal(await realmAt('[::1]:5000'), 'http://[::1]:5000/token');
  assert.equal(await realmAt('a"b'), `${holdfast.url}/token`);
});

test('behind a reverse proxy the realm is where the proxy says', async (t) => {
  const { holdfast } = await startWithAccounts(t, {
    config: { listen: { port: 0, reverseProxy: {} } },
  });
  const headers = { 'x-forwarded-host': 'registry.example', 'x-forwarded-proto': 'https' };
  assert.match(
    await challengeOf(await send(holdfast, 'GET', '/v2/', { headers })),
    /realm="https:\/\/registry\.example\/token"/,
  );
});

test('the realm may be configured', async (t) => {
  const auth = { realm: 'https://login.example/holdfast/token' };
  const { holdfast } = await startWithAccounts(t, { auth });
  assert.match(
    await challengeOf(await holdfast.fetch('/v2/')),
    /^Bearer realm="https:\/\/login\.example\/holdfast\/token",/,
  );
});

test('nobody who may do nothing learns what there is', async (t) => {
  const { holdfast } = await startWithAccounts(t, { auth: { anonymous: 'none' } });
  await pushSample(as(holdfast, 'alice'), 'team/app', 'v1');
  const known = await send(holdfast, 'GET', '/v2/team/app/manifests/v1');
  const unknown = await send(holdfast, 'GET', '/v2/team/app/manifests/v2');
  assert.deepEqual([known.status, unknown.status], [401, 401]);
  assert.equal(await known.text(), await unknown.text());
  assert.equal(await statusOf(holdfast, '/metrics'), 401);
  assert.equal(await statusOf(holdfast, '/healthz'), 200);
});
