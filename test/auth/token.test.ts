/** The token endpoint. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT, UnsecuredJWT } from 'jose';
import { eventually } from '../helpers/eventually.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { startHoldfast, temporaryDirectory } from '../helpers/mirror.ts';
import { pushSample } from '../spec/pushing.ts';
import { refusal } from '../spec/refusal.ts';
import {
  as,
  basic,
  passwordOf,
  sending,
  startWithAccounts,
  statusOf,
  tokenFor,
  withToken,
  writeHtpasswd,
} from './signing-in.ts';

const SCOPE = 'repository:team/app:pull,push';
const UPLOADS = '/v2/team/app/blobs/uploads/';
const POST = { method: 'POST' };

function askForToken(holdfast: Holdfast, authorization: string | undefined, query = '') {
  return sending(holdfast, authorization).fetch(`/token?service=holdfast${query}`);
}

function postForm(holdfast: Holdfast, form: Record<string, string>): Promise<Response> {
  return holdfast.fetch('/token', { method: 'POST', body: new URLSearchParams(form) });
}

test('a wrong password is 401, as is a name that does not exist, and they cannot be told apart', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const wrong = await askForToken(holdfast, basic('alice', 'wrong'));
  const unknown = await askForToken(holdfast, basic('nobody', 'wrong'));
  assert.deepEqual([...wrong.headers.keys()], [...unknown.headers.keys()]);
  assert.equal(await wrong.clone().text(), await unknown.clone().text());
  await refusal(wrong, 401, 'UNAUTHORIZED');
  await refusal(unknown, 401, 'UNAUTHORIZED');
  assert.equal(await statusOf(sending(holdfast, basic('alice', 'wrong')), '/v2/'), 401);
});

test('a wrong password is no way to push', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const refused = await askForToken(holdfast, basic('alice', 'wrong'), `&scope=${SCOPE}`);
  await refusal(refused, 401, 'UNAUTHORIZED');
});

test('a token for a password lets its account push', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  assert.equal(await statusOf(await withToken(holdfast, 'alice', SCOPE), UPLOADS, POST), 202);
});

test('a token for no password lets nobody push', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  assert.equal(await statusOf(await withToken(holdfast, undefined, SCOPE), UPLOADS, POST), 401);
});

test('several scopes come in several parameters, or in one', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const other = 'repository:team/other:pull,push';
  for (const server of [
    await withToken(holdfast, 'alice', SCOPE, other),
    await withToken(holdfast, 'alice', `${SCOPE} ${other}`),
  ]) {
    assert.equal(await statusOf(server, UPLOADS, POST), 202);
    assert.equal(await statusOf(server, '/v2/team/other/blobs/uploads/', POST), 202);
    assert.equal(await statusOf(server, '/v2/team/third/blobs/uploads/', POST), 401);
  }
});

test('scopes that mean nothing here are no mistake, but too many are', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const odd = await withToken(holdfast, 'alice', 'tree:x:climb', 'nonsense', '', SCOPE);
  assert.equal(await statusOf(odd, UPLOADS, POST), 202);
  const many = '&scope=repository:a:pull'.repeat(21);
  assert.equal((await askForToken(holdfast, basic('alice'), many)).status, 400);
});

test('OAuth 2: name and password in a form', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const form = { grant_type: 'password', username: 'alice', password: passwordOf('alice') };
  const response = await postForm(holdfast, { ...form, service: 'holdfast', scope: SCOPE });
  assert.equal(response.status, 200);
  const { access_token: token } = (await response.json()) as { access_token: string };
  assert.equal(await statusOf(sending(holdfast, `Bearer ${token}`), UPLOADS, POST), 202);
  await refusal(await postForm(holdfast, { ...form, password: 'wrong' }), 401, 'UNAUTHORIZED');
  // Clients go on with a GET then.
  const refresh = { grant_type: 'refresh_token', refresh_token: 'x' };
  await refusal(await postForm(holdfast, refresh), 400, 'UNSUPPORTED');
  await refusal(await postForm(holdfast, {}), 400, 'UNSUPPORTED');
});

test('what an answer with a token says of it', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  holdfast.clock.stop();
  const response = await askForToken(holdfast, basic('alice'));
  assert.equal(response.headers.get('cache-control'), 'no-store');
  const { expires_in: expiresIn, issued_at: issuedAt } = (await response.json()) as {
    expires_in: number;
    issued_at: string;
  };
  assert.equal(expiresIn, 300);
  assert.equal(Date.parse(issuedAt), holdfast.clock.now());
});

test('a token ends, also one that has just been good', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const server = await withToken(holdfast, 'alice', SCOPE);
  holdfast.clock.advance(299_000);
  assert.equal(await statusOf(server, UPLOADS, POST), 202);
  holdfast.clock.advance(2_000);
  assert.equal(await statusOf(server, UPLOADS, POST), 401);
  assert.equal(await statusOf(server, '/v2/'), 401);
});

test('a token ends with its account, and with its password', async (t) => {
  const { holdfast, htpasswd } = await startWithAccounts(t);
  const alice = await withToken(holdfast, 'alice');
  const bob = await withToken(holdfast, 'bob');
  await writeHtpasswd(htpasswd, ['bob']);
  await eventually('alice is gone', async () => (await statusOf(alice, '/v2/')) === 401);
  assert.equal(await statusOf(bob, '/v2/'), 401, 'the same password, but another hash');
  assert.equal(await statusOf(as(holdfast, 'bob'), '/v2/'), 200);
});

test('tokens outlive a restart, but not the key', async (t) => {
  const dir = await temporaryDirectory(t);
  const htpasswd = join(dir, 'htpasswd');
  const key = join(dir, 'token-key');
  await writeHtpasswd(htpasswd, ['alice']);
  const start = () => startHoldfast(t, { dir, config: { auth: { htpasswd } } });
  const first = await start();
  const authorization = `Bearer ${await tokenFor(first, 'alice')}`;
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  await first.close();

  const second = await start();
  assert.equal(await statusOf(sending(second, authorization), '/v2/'), 200);
  await second.close();

  // What a power failure leaves of one that was just made.
  await writeFile(key, '');
  const third = await start();
  assert.equal(await statusOf(sending(third, authorization), '/v2/'), 401);
  assert.equal(await statusOf(await withToken(third, 'alice'), '/v2/'), 200);
});

test('a token that somebody else has made is none', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const key = await readFile(join(holdfast.dir, 'token-key'));
  const claims = { access: [{ type: 'repository', name: 'team/app', actions: ['push'] }] };
  const now = Math.floor(Date.now() / 1_000);
  const signed = (with_: Uint8Array, audience = 'holdfast', alg = 'HS256', extra: object = {}) =>
    new SignJWT({ ...claims, ...extra })
      .setProtectedHeader({ alg })
      .setIssuer('holdfast')
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + 100)
      .sign(with_);
  const unsigned = new UnsecuredJWT({ ...claims, sub: 'alice' })
    .setIssuer('holdfast')
    .setAudience('holdfast')
    .setIssuedAt(now)
    .setExpirationTime(now + 100)
    .encode();
  const forged = [
    unsigned,
    await signed(new Uint8Array(32)),
    await signed(key, 'another'),
    await signed(key, 'holdfast', 'HS512'),
    await signed(key, 'holdfast', 'HS256', { sub: 'alice' }),
    await signed(key, 'holdfast', 'HS256', { access: 'everything' }),
  ];
  for (const [index, token] of forged.entries()) {
    assert.equal(await statusOf(sending(holdfast, `Bearer ${token}`), '/v2/'), 401, String(index));
  }
  const whole = await tokenFor(holdfast, 'alice', SCOPE);
  const [head = '', body = '', signature = ''] = whole.split('.');
  const changed = Buffer.from(body, 'base64url').toString().replace('team/app', 'team/oth');
  const patched = [head, Buffer.from(changed).toString('base64url'), signature].join('.');
  assert.equal(await statusOf(sending(holdfast, `Bearer ${patched}`), '/v2/'), 401);
});

test('a daemon that uses it as a mirror, with a password for another registry, can pull', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  await pushSample(as(holdfast, 'alice'), 'library/app', 'v1');
  const scope = '&scope=repository:library/app:pull';
  // Again and again: it must not be taken for somebody who guesses.
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const response = await askForToken(holdfast, basic('hub-user', 'hub-secret'), scope);
    assert.equal(response.status, 200);
    const { token } = (await response.json()) as { token: string };
    const server = sending(holdfast, `Bearer ${token}`);
    assert.equal(await statusOf(server, '/v2/library/app/manifests/v1'), 200);
    assert.equal(await statusOf(server, '/v2/library/app/blobs/uploads/', POST), 401);
  }
});

test('where nobody may pull, a wrong password gets no token, and neither does none', async (t) => {
  const { holdfast } = await startWithAccounts(t, { auth: { anonymous: 'none' } });
  const scope = '&scope=repository:library/app:pull';
  await refusal(await askForToken(holdfast, basic('hub', 'x'), scope), 401, 'UNAUTHORIZED');
  await refusal(await askForToken(holdfast, undefined, scope), 401, 'UNAUTHORIZED');
});
