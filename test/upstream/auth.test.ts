import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import type { FakeUpstream } from '../helpers/fake-upstream.ts';
import { APP, isError, makeUpstream, startFake, tagged } from './make-upstream.ts';

const OTHER = 'library/other' as RepositoryName;
const ALICE = { username: 'alice', password: 'påss:word' };
const BASIC = `Basic ${Buffer.from('alice:påss:word').toString('base64')}`;

async function startWithImage(
  t: TestContext,
  ...options: Parameters<typeof startFake> extends [TestContext, ...infer Rest] ? Rest : never
): Promise<FakeUpstream> {
  const fake = await startFake(t, ...options);
  fake.addImage(APP, '1.0');
  fake.addImage(OTHER, '1.0');
  return fake;
}

/** The Authorization of each request of the log, in order. */
function sent(fake: FakeUpstream): readonly (string | undefined)[] {
  return fake.requests.map(({ headers }) => headers.authorization?.split(' ')[0]);
}

for (const separateRealm of [false, true]) {
  for (const field of ['token', 'access_token'] as const) {
    test(`a token is had from ${separateRealm ? 'another' : 'the same'} server in "${field}"`, async (t) => {
      const fake = await startWithImage(t, { separateRealm, auth: { scheme: 'bearer', field } });
      await makeUpstream(t, fake.url).manifest(APP, tagged('1.0'));
      assert.deepEqual(sent(fake), [undefined, undefined, 'Bearer']);
      const { searchParams } = new URL(fake.requests[1]?.url ?? '', fake.url);
      assert.deepEqual(Object.fromEntries(searchParams), {
        service: 'fake registry, "quoted"',
        scope: 'repository:library/app:pull',
      });
    });
  }
}

test('a token is used again, unasked, for the same repository only', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer', expiresIn: 300 } });
  const upstream = makeUpstream(t, fake.url);
  await upstream.manifest(APP, tagged('1.0'));
  fake.clear();
  await upstream.headManifest(APP, tagged('1.0'));
  assert.deepEqual(sent(fake), ['Bearer']);
  await upstream.headManifest(OTHER, tagged('1.0'));
  assert.equal(fake.tokenRequests, 1);
});

test('many requests at once share one token request', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer', expiresIn: 300 } });
  const upstream = makeUpstream(t, fake.url);
  await Promise.all(Array.from({ length: 10 }, () => upstream.manifest(APP, tagged('1.0'))));
  assert.equal(fake.tokenRequests, 1);
});

test('who leaves while a token is fetched does not spoil it for the others', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer', expiresIn: 300 } });
  const upstream = makeUpstream(t, fake.url);
  const gate = fake.hold(/^\/token/, 0);
  const leave = new AbortController();
  const leaving = upstream.manifest(APP, tagged('1.0'), leave.signal);
  const staying = upstream.manifest(APP, tagged('1.0'));
  await gate.reached;
  leave.abort(new Error('left'));
  await assert.rejects(leaving, /left/);
  gate.release();
  await staying;
  assert.equal(fake.tokenRequests, 1);
});

test('a token is renewed ten seconds before it expires, a minute where nothing is told', async (t) => {
  for (const [expiresIn, seconds] of [
    [300, 300],
    [undefined, 60],
  ] as const) {
    const auth = { scheme: 'bearer', ...(expiresIn && { expiresIn }) } as const;
    const fake = await startWithImage(t, { auth });
    let now = 1_000_000;
    const upstream = makeUpstream(t, fake.url, { clock: { now: () => now } });
    await upstream.manifest(APP, tagged('1.0'));
    now += (seconds - 11) * 1000;
    await upstream.manifest(APP, tagged('1.0'));
    assert.equal(fake.tokenRequests, 1);
    now += 2000;
    await upstream.manifest(APP, tagged('1.0'));
    assert.equal(fake.tokenRequests, 2);
  }
});

test('a token that hardly lives is used once', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer', expiresIn: 5 } });
  const upstream = makeUpstream(t, fake.url);
  await upstream.manifest(APP, tagged('1.0'));
  await upstream.manifest(APP, tagged('1.0'));
  assert.equal(fake.tokenRequests, 2);
});

test('a refused token is replaced once, for all who held it', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer', expiresIn: 300 } });
  const upstream = makeUpstream(t, fake.url);
  await upstream.manifest(APP, tagged('1.0'));
  fake.revokeTokens();
  fake.clear();
  await Promise.all([1, 2, 3].map(() => upstream.manifest(APP, tagged('1.0'))));
  assert.equal(fake.tokenRequests, 1);
});

test('a fresh token that is refused means denied, as Docker Hub says of what does not exist', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer' } });
  fake.fault({ path: /manifests/, status: 401, headers: { 'www-authenticate': undefined } });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('denied'));
  fake.clearFaults();
  const challenge = `Bearer realm="${fake.url}/token",service="fake registry, \\"quoted\\""`;
  fake.fault({ path: /manifests/, status: 401, headers: { 'www-authenticate': challenge } });
  fake.clear();
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('denied'));
  assert.equal(fake.count('GET', /manifests/), 2);
});

test('credentials go to the token server and nowhere else', async (t) => {
  const fake = await startWithImage(t, {
    separateRealm: true,
    redirectBlobs: true,
    auth: { scheme: 'bearer', ...ALICE },
  });
  const digest = fake.addBlob(Buffer.from('blob'));
  const upstream = makeUpstream(t, fake.url, { credentials: ALICE });
  await upstream.headBlob(APP, digest);
  for (const { url, headers } of fake.requests) {
    assert.equal(headers.authorization === BASIC, url.startsWith('/token'), url);
  }
  assert.equal(fake.tokenRequests, 1);
});

test('without credentials for it, a token server that wants some means denied', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer', ...ALICE } });
  const upstream = makeUpstream(t, fake.url);
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('denied'));
});

test('Basic is sent when asked for, and unasked from then on', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'basic', ...ALICE } });
  const upstream = makeUpstream(t, fake.url, { credentials: ALICE });
  await upstream.manifest(APP, tagged('1.0'));
  await upstream.manifest(OTHER, tagged('1.0'));
  assert.deepEqual(sent(fake), [undefined, 'Basic', 'Basic']);
});

test('Basic without credentials, or with wrong ones, means denied', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'basic', ...ALICE } });
  for (const credentials of [null, { ...ALICE, password: 'wrong' }]) {
    const upstream = makeUpstream(t, fake.url, { credentials });
    await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('denied'));
    await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('denied'));
  }
});

test('Bearer is preferred where Basic is offered beside it', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer' } });
  const bearer = `Bearer realm="${fake.url}/token",service="fake registry, \\"quoted\\""`;
  fake.setAuth({ scheme: 'bearer', challenge: `Basic realm="x", ${bearer}` });
  await makeUpstream(t, fake.url, { credentials: ALICE }).manifest(APP, tagged('1.0'));
  assert.deepEqual(sent(fake), [undefined, 'Basic', 'Bearer']);
});

test('never more than pull is asked for, whatever the challenge offers', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer' } });
  const bearer = `Bearer realm="${fake.url}/token",service="fake registry, \\"quoted\\""`;
  fake.setAuth({
    scheme: 'bearer',
    challenge: `${bearer},scope="repository:library/app:pull,push"`,
  });
  await makeUpstream(t, fake.url).manifest(APP, tagged('1.0'));
  assert.match(fake.requests[1]?.url ?? '', /scope=repository%3Alibrary%2Fapp%3Apull$/);
});

test('a realm on a foreign host gets no request at all', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer' } });
  const thief = await startFake(t);
  const realm = thief.url.replace('127.0.0.1', 'localhost');
  fake.setAuth({ scheme: 'bearer', realm: `${realm}/token` });
  const upstream = makeUpstream(t, fake.url, { credentials: ALICE, allowPrivateNetwork: true });
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('denied', /realm/));
  assert.equal(thief.requests.length, 0);
});

test('a token server that redirects gets nothing sent after it', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer', ...ALICE } });
  const thief = await startFake(t);
  fake.fault({ path: /^\/token/, status: 307, headers: { location: `${thief.url}/token` } });
  const upstream = makeUpstream(t, fake.url, { credentials: ALICE });
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('denied', /redirected/));
  assert.equal(thief.requests.length, 0);
});

for (const [body, title] of [
  ['not JSON', 'no JSON'],
  ['{}', 'no token'],
  ['{"token":"a\\r\\nX-Injected: b"}', 'a token that breaks its header'],
  [JSON.stringify({ token: 'x'.repeat(70_000) }), 'more than 64 KiB'],
] as const) {
  test(`a token server that answers with ${title} is a bad answer`, async (t) => {
    const fake = await startWithImage(t, { auth: { scheme: 'bearer' } });
    fake.fault({ path: /^\/token/, status: 200, body });
    const upstream = makeUpstream(t, fake.url);
    await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('bad-answer'));
  });
}

for (const [status, kind] of [
  [403, 'denied'],
  [404, 'bad-answer'],
  [429, 'rate-limited'],
  [500, 'unavailable'],
] as const) {
  test(`a token server's ${status} is ${kind}`, async (t) => {
    const fake = await startWithImage(t, { auth: { scheme: 'bearer' } });
    fake.fault({ path: /^\/token/, status });
    const upstream = makeUpstream(t, fake.url);
    await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError(kind, /token/));
  });
}

test('a token server that says nothing is a timeout', async (t) => {
  const fake = await startWithImage(t, { auth: { scheme: 'bearer' } });
  fake.fault({ path: /^\/token/, hang: true });
  const timeouts = { connect: 5000, headers: 100, idle: 5000 };
  const upstream = makeUpstream(t, fake.url, { timeouts });
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('timeout'));
});
