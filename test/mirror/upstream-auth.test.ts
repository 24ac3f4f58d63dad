import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FakeUpstreamOptions } from '../helpers/fake-upstream.ts';
import type { Fault } from '../helpers/fake-upstream-fault.ts';
import { ask, startHoldfast, startMirror, startUpstream } from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';

const ACCOUNT = { username: 'robot', password: 'correct horse: battery' };
const BASIC = `Basic ${Buffer.from(`${ACCOUNT.username}:${ACCOUNT.password}`).toString('base64')}`;

async function start(t: TestContext, fake: FakeUpstreamOptions, credentials: object | null = null) {
  const mirror = await startMirror(t, { fake, upstream: { credentials } });
  const image = mirror.upstream.addImage('library/app', '1', { layers: [50_000, 60_000] });
  const sent = () =>
    mirror.upstream.requests.map(({ url, headers }) => [url, headers.authorization]);
  return { ...mirror, image, sent };
}

test('a registry that wants a token gets one, asked for once and for pulling only', async (t) => {
  const { upstream, holdfast, sent } = await start(t, { auth: { scheme: 'bearer' } });
  await pullImage(holdfast.url, 'library/app', '1');
  const [token, ...more] = upstream.requests.filter(({ url }) => url.startsWith('/token'));
  assert.deepEqual(more, []);
  const query = new URL(token?.url ?? '', upstream.url).searchParams;
  assert.equal(query.get('scope'), 'repository:library/app:pull');
  assert.equal(query.get('service'), 'fake registry, "quoted"');
  assert.equal(token?.headers.authorization, undefined);
  assert.ok(sent().every(([, authorization]) => authorization?.startsWith('Basic') !== true));
});

for (const field of ['token', 'access_token'] as const) {
  test(`the account goes to the token server alone, and the ${field} of its answer to the registry`, async (t) => {
    const auth = { scheme: 'bearer', field, ...ACCOUNT } as const;
    const { holdfast, sent } = await start(t, { auth, separateRealm: true }, ACCOUNT);
    await pullImage(holdfast.url, 'library/app', '1');
    for (const [url, authorization] of sent()) {
      if (url?.startsWith('/token') === true) assert.equal(authorization, BASIC);
      else assert.match(authorization ?? 'Bearer', /^Bearer/);
    }
  });
}

test('a registry that wants Basic gets the account, after one challenge', async (t) => {
  const { upstream, holdfast, sent } = await start(
    t,
    { auth: { scheme: 'basic', ...ACCOUNT } },
    ACCOUNT,
  );
  await ask(holdfast, '/v2/library/app/manifests/1');
  await pullImage(holdfast.url, 'library/app', '1');
  const [first, ...rest] = sent();
  assert.equal(first?.[1], undefined);
  assert.ok(rest.every(([, authorization]) => authorization === BASIC));
  assert.equal(upstream.tokenRequests, 0);
});

for (const scheme of ['bearer', 'basic'] as const) {
  test(`an account that ${scheme} refuses is a 404 here, without a challenge`, async (t) => {
    const { holdfast } = await start(
      t,
      { auth: { scheme, ...ACCOUNT } },
      { username: 'x', password: 'y' },
    );
    const reply = await ask(holdfast, '/v2/library/app/manifests/1');
    assert.deepEqual([reply.status, reply.code], [404, 'MANIFEST_UNKNOWN']);
    assert.equal(reply.headers.get('www-authenticate'), null);
  });
}

test('a token that is refused is replaced once, and the client does not notice', async (t) => {
  const { upstream, holdfast, image } = await start(t, { auth: { scheme: 'bearer' } });
  await ask(holdfast, '/v2/library/app/manifests/1');
  upstream.revokeTokens();
  upstream.clear();
  const blob = await ask(holdfast, `/v2/library/app/blobs/${image.configDigest}`);
  assert.deepEqual(blob.body, image.config);
  assert.equal(upstream.tokenRequests, 1);
});

test('a token that is about to expire is renewed before it is used', async (t) => {
  const { upstream, holdfast } = await start(t, { auth: { scheme: 'bearer', expiresIn: 300 } });
  upstream.addImage('library/app', '2');
  await ask(holdfast, '/v2/library/app/manifests/1');
  holdfast.clock.advance(200_000);
  await ask(holdfast, '/v2/library/app/manifests/2', { method: 'HEAD' });
  assert.equal(upstream.tokenRequests, 1);
  holdfast.clock.advance(95_000);
  upstream.clear();
  await ask(holdfast, '/v2/library/app/manifests/2', { method: 'HEAD' });
  assert.equal(upstream.tokenRequests, 1);
});

test('fifty clients of fifty cold tags are one token', async (t) => {
  const { upstream, holdfast } = await start(t, { auth: { scheme: 'bearer' } });
  const tags = Array.from({ length: 50 }, (_, index) => `t${index}`);
  for (const tag of tags) upstream.addImage('library/app', tag, { layers: [tag.length] });
  const replies = await Promise.all(tags.map((tag) => ask(holdfast, `/v2/app/manifests/${tag}`)));
  assert.ok(replies.every(({ status }) => status === 200));
  assert.equal(upstream.tokenRequests, 1);
});

test('an account never follows a challenge to a token server of another host', async (t) => {
  const thief = await startUpstream(t);
  // Another host than 127.0.0.1 by name, although the same machine.
  const realm = `http://localhost:${thief.port}/token`;
  const auth = { scheme: 'bearer', realm, ...ACCOUNT } as const;
  const { holdfast, sent } = await start(t, { auth }, ACCOUNT);
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 404);
  assert.deepEqual(thief.requests, []);
  assert.ok(sent().every(([, authorization]) => authorization === undefined));
});

for (const auth of [
  { scheme: 'bearer', ...ACCOUNT },
  { scheme: 'basic', ...ACCOUNT },
] as const) {
  test(`what ${auth.scheme} gave is not sent to the storage that blobs are redirected to`, async (t) => {
    const { upstream, holdfast } = await start(t, { auth, redirectBlobs: true }, ACCOUNT);
    await pullImage(holdfast.url, 'library/app', '1');
    const signed = upstream.requests.filter(({ origin }) => origin === 'second');
    assert.equal(signed.length, 3);
    assert.ok(signed.every(({ headers }) => headers.authorization === undefined));
  });
}

test('a HEAD of a blob whose signed URL is good for GET only is answered all the same', async (t) => {
  const { upstream, holdfast, image } = await start(t, { redirectBlobs: true });
  upstream.fault({ method: 'HEAD', path: /^\/signed\//, status: 403 });
  const path = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  const head = await ask(holdfast, path, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '50000']);
});

test('two upstreams share neither accounts nor tokens', async (t) => {
  const other = { username: 'other', password: 'one' };
  const [hub, corp, open] = await Promise.all([
    startUpstream(t, { auth: { scheme: 'bearer', ...ACCOUNT } }),
    startUpstream(t, { auth: { scheme: 'bearer', ...other } }),
    startUpstream(t, { auth: { scheme: 'bearer' } }),
  ]);
  const upstreams = {
    'docker.io': { url: hub.url, credentials: ACCOUNT },
    'corp.example': { url: corp.url, credentials: other },
    'open.example': { url: open.url },
  };
  const holdfast = await startHoldfast(t, { config: { defaultUpstream: 'docker.io', upstreams } });
  const fakes = { 'docker.io': hub, 'corp.example': corp, 'open.example': open };
  const seen: Set<string>[] = [];
  for (const [name, fake] of Object.entries(fakes)) {
    fake.addImage('library/app', '1', { layers: [100] });
    await pullImage(holdfast.url, `${name}/library/app`, '1');
    seen.push(new Set(fake.requests.flatMap(({ headers }) => headers.authorization ?? [])));
  }
  for (const [index, mine] of seen.entries()) {
    assert.ok(mine.size > 0);
    for (const theirs of seen.slice(index + 1)) {
      for (const one of mine) assert.ok(!theirs.has(one));
    }
  }
});

/** [what the token server does, fault, status for what is not held] */
const TOKEN_FAILURES: readonly (readonly [string, Fault, number])[] = [
  ['answers 500', { status: 500 }, 502],
  ['answers 429', { status: 429, headers: { 'retry-after': '9' } }, 429],
  ['answers 404', { status: 404 }, 502],
  ['answers 403', { status: 403 }, 404],
  ['answers nonsense', { status: 200, body: '<html>' }, 502],
  ['redirects', { status: 307, headers: { location: '/v2/' } }, 404],
  ['never answers', { hang: true }, 504],
];

for (const [what, fault, status] of TOKEN_FAILURES) {
  test(`a token server that ${what} is a ${status} for what is not held, and no harm for what is`, async (t) => {
    const { upstream, holdfast } = await startMirror(t, {
      fake: { auth: { scheme: 'bearer' } },
      // Long enough for the pull before.
      upstream: fault.hang === true ? { timeouts: { headers: '1s' } } : {},
    });
    const { manifest } = upstream.addImage('library/app', '1');
    await ask(holdfast, '/v2/library/app/manifests/1');
    upstream.revokeTokens();
    upstream.fault({ path: /^\/token/, ...fault });
    const missing = await ask(holdfast, '/v2/library/app/manifests/2');
    assert.equal(missing.status, status);
    assert.equal(missing.headers.get('www-authenticate'), null);
    holdfast.clock.advance(60 * 60_000);
    assert.deepEqual((await ask(holdfast, '/v2/library/app/manifests/1')).body, manifest);
  });
}
