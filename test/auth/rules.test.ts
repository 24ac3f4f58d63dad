/** What accounts may do, by repository: rules, private upstreams, lists, mounts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageAnswer } from '../../src/api/image.ts';
import { pinsAnswer } from '../../src/api/pins.ts';
import { statusAnswer } from '../../src/api/status.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { startHoldfast, startUpstream } from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { imageHeld } from '../spec/held.ts';
import { pushSample, type Server } from '../spec/pushing.ts';
import { refusal } from '../spec/refusal.ts';
import { as, basic, startWithAccounts, statusOf, withToken } from './signing-in.ts';

const ACCOUNTS = ['alice', 'bob', 'ci-1', 'root'];
const POST = { method: 'POST' };

async function catalogOf(server: Server): Promise<unknown> {
  const response = await server.fetch('/v2/_catalog');
  assert.equal(response.status, 200);
  return ((await response.json()) as { repositories: unknown }).repositories;
}

/** Of a pull and a push of each. */
async function rights(server: Server): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of ['team/open', 'team/app', 'other']) {
    found.push(await statusOf(server, `/v2/${name}/manifests/v1`));
    found.push(await statusOf(server, `/v2/${name}/blobs/uploads/`, POST));
  }
  return found;
}

test('the first rule that matches counts, and nothing else', async (t) => {
  const rules = [
    { match: 'team/open', grant: { anonymous: ['pull'], alice: ['push'] } },
    { match: 'team/**', grant: { alice: ['push', 'delete'], 'ci-*': ['pull'] } },
  ];
  const { holdfast } = await startWithAccounts(t, { accounts: ACCOUNTS, auth: { rules } });
  const [alice, bob, ci] = ['alice', 'bob', 'ci-1'].map((name) => as(holdfast, name));
  assert.ok(alice && bob && ci);
  for (const name of ['team/open', 'team/app', 'other']) await pushSample(alice, name, 'v1');

  assert.deepEqual(await rights(alice), [200, 202, 200, 202, 200, 202]);
  assert.deepEqual(await rights(bob), [200, 403, 403, 403, 200, 202]);
  assert.deepEqual(await rights(ci), [200, 403, 200, 403, 200, 202]);
  assert.deepEqual(await rights(holdfast), [200, 401, 401, 401, 200, 401]);
  assert.deepEqual(await catalogOf(holdfast), ['other', 'team/open']);
  assert.deepEqual(await catalogOf(bob), ['other', 'team/open']);
  assert.deepEqual(await catalogOf(ci), ['other', 'team/app', 'team/open']);
  const denied = await bob.fetch('/v2/team/app/manifests/v1');
  assert.match(await denied.clone().text(), /bob may not pull team\/app/);
  await refusal(denied, 403, 'DENIED');
});

test('administrators may do everything, whatever the rules say', async (t) => {
  const rules = [{ match: '**', grant: {} }];
  const auth = { rules, administrators: ['ro*t'] };
  const { holdfast } = await startWithAccounts(t, { accounts: ACCOUNTS, auth });
  await pushSample(as(holdfast, 'root'), 'team/app', 'v1');
  assert.equal(await statusOf(as(holdfast, 'alice'), '/v2/team/app/manifests/v1'), 403);
  const path = '/v2/team/app/manifests/v1';
  assert.equal(await statusOf(as(holdfast, 'root'), path, { method: 'DELETE' }), 202);
});

test('pushing includes pulling, deleting does not', async (t) => {
  const rules = [{ match: '**', grant: { alice: ['push'], bob: ['delete'] } }];
  const { holdfast } = await startWithAccounts(t, { auth: { rules } });
  await pushSample(as(holdfast, 'alice'), 'team/app', 'v1');
  const path = '/v2/team/app/manifests/v1';
  assert.equal(await statusOf(as(holdfast, 'alice'), path), 200);
  assert.equal(await statusOf(as(holdfast, 'bob'), path), 403);
  assert.equal(await statusOf(as(holdfast, 'alice'), path, { method: 'DELETE' }), 403);
  assert.equal(await statusOf(as(holdfast, 'bob'), path, { method: 'DELETE' }), 202);
});

test('rules for everybody count without accounts, too', async (t) => {
  const rules = [{ match: 'open/**', grant: { anonymous: ['push'] } }];
  const { holdfast } = await startWithAccounts(t, {
    auth: { htpasswd: null, anonymous: 'pull', rules },
  });
  await pushSample(holdfast, 'open/app', 'v1');
  assert.equal(await statusOf(holdfast, '/v2/other/blobs/uploads/', POST), 403);
});

test('a private upstream is for accounts alone, and so is what is held of it', async (t) => {
  const upstream = await startUpstream(t);
  upstream.addImage('team/secret', 'v1');
  const { holdfast } = await startWithAccounts(t, {
    upstreams: { 'private.example': upstream.url },
    upstream: { private: true },
  });
  const path = '/v2/private.example/team/secret/manifests/v1';
  const alice = as(holdfast, 'alice');
  assert.equal(await statusOf(holdfast, path), 401);
  assert.deepEqual(upstream.requests, []);
  assert.equal(await statusOf(alice, path), 200);
  assert.equal(await statusOf(holdfast, path), 401);
  assert.equal(await statusOf(holdfast, '/v2/team/secret/manifests/v1?ns=private.example'), 401);
  assert.equal(await statusOf(holdfast, `/mirror${path}`), 404);
  assert.deepEqual(await catalogOf(holdfast), []);
  assert.deepEqual(await catalogOf(alice), ['private.example/team/secret']);
  // The token is for the name that the client knows; what that means comes with the request.
  const token = await withToken(holdfast, 'alice', 'repository:team/secret:pull');
  assert.equal(await statusOf(token, '/v2/team/secret/manifests/v1?ns=private.example'), 200);
});

test('a list needs a token for lists; without one it shows what anybody may see', async (t) => {
  const rules = [{ match: 'team/**', grant: { alice: ['push'] } }];
  const { holdfast } = await startWithAccounts(t, { auth: { rules } });
  await pushSample(as(holdfast, 'alice'), 'team/app', 'v1');
  const server = await withToken(holdfast, 'alice', 'registry:catalog:*');
  assert.deepEqual(await catalogOf(server), ['team/app']);
  assert.deepEqual(await catalogOf(holdfast), []);
  // A token for it does not open the repositories themselves.
  assert.equal(await statusOf(server, '/v2/team/app/tags/list'), 401);
});

test('a token for one repository tells of no other, in no list', async (t) => {
  const rules = [{ match: 'team/**', grant: { alice: ['push'] } }];
  const auth = { rules, administrators: ['alice'] };
  const { holdfast } = await startWithAccounts(t, { auth });
  for (const name of ['team/app', 'team/other'])
    await pushSample(as(holdfast, 'alice'), name, 'v1');
  const narrow = await withToken(holdfast, 'alice', 'repository:team/app:pull');
  assert.equal(await statusOf(narrow, '/v2/team/app/tags/list'), 200);
  assert.deepEqual(await catalogOf(narrow), []);
  const status = statusAnswer.parse(await (await narrow.fetch('/api/v1/status')).json());
  assert.deepEqual([status.user, status.can.administer, status.storage.dir], [null, false, null]);
  for (const path of ['repositories', 'evictions', 'pins', 'usage']) {
    const [told, expected] = await Promise.all(
      [narrow, holdfast].map(async (one) => (await one.fetch(`/api/v1/${path}`)).text()),
    );
    assert.equal(told, expected, path);
  }
  assert.equal(await statusOf(narrow, '/api/v1/tags?repository=team/other'), 404);
  assert.equal(await statusOf(narrow, '/api/v1/gc', { ...POST, body: '{}' }), 401);
  const wide = await withToken(holdfast, 'alice', 'registry:catalog:*', 'registry:api:*');
  assert.deepEqual(await catalogOf(wide), ['team/app', 'team/other']);
  assert.equal(await statusOf(wide, '/api/v1/tags?repository=team/other'), 200);
});

test('a mount needs the right to read its source', async (t) => {
  const rules = [
    { match: 'secret/**', grant: { alice: ['push'] } },
    { match: 'shared/**', grant: { '*': ['push'] } },
  ];
  const { holdfast } = await startWithAccounts(t, { auth: { rules } });
  const alice = as(holdfast, 'alice');
  const { layer } = await pushSample(alice, 'secret/app', 'v1');
  const digest = digestOf(layer);
  const mount = (server: Server, name: string, from?: string) => {
    const source = from === undefined ? '' : `&from=${from}`;
    return statusOf(server, `/v2/${name}/blobs/uploads/?mount=${digest}${source}`, POST);
  };
  const bob = as(holdfast, 'bob');
  assert.equal(await mount(bob, 'shared/app', 'secret/app'), 202);
  assert.equal(await mount(bob, 'shared/app'), 202);
  assert.equal(await mount(bob, 'secret/app', 'secret/app'), 403);
  // Alice may, but not with a token that leaves the source out.
  const target = 'repository:shared/app:pull,push';
  const narrow = await withToken(holdfast, 'alice', target);
  assert.equal(await mount(narrow, 'shared/app', 'secret/app'), 202);
  assert.equal(await mount(narrow, 'shared/app'), 202);
  const wide = await withToken(holdfast, 'alice', target, 'repository:secret/app:pull');
  assert.equal(await mount(wide, 'shared/app', 'secret/app'), 201);
  assert.equal(await mount(bob, 'shared/other'), 201, 'it is in a repository of his now');
});

test('a bare name that is hosted never gets a stranger’s image in its place', async (t) => {
  const upstream = await startUpstream(t);
  upstream.addImage('team/app', 'v1');
  upstream.addImage('team/public', 'v1');
  const rules = [
    { match: 'docker.io/**', grant: { anonymous: ['pull'] } },
    { match: '**', grant: { '*': ['push', 'delete'] } },
  ];
  const { holdfast } = await startWithAccounts(t, {
    upstreams: { 'docker.io': upstream.url },
    auth: { rules },
  });
  const { digest } = await pushSample(as(holdfast, 'alice'), 'team/app', 'v1');
  const path = '/v2/team/app/manifests/v1';
  assert.equal(await statusOf(holdfast, path), 401);
  assert.equal(await statusOf(holdfast, `/mirror${path}`), 404);
  const own = await as(holdfast, 'bob').fetch(path);
  assert.equal(own.headers.get('docker-content-digest'), digest);
  await own.arrayBuffer();
  // Where nothing is hosted the name means the upstream's, for everybody.
  for (const prefix of ['', '/mirror']) {
    await pullImage(holdfast.url + prefix, 'team/public', 'v1');
    await pullImage(holdfast.url + prefix, 'docker.io/team/public', 'v1');
  }
});

test('what anybody may pull, anybody may pull at the mirror, with no word about accounts', async (t) => {
  const upstream = await startUpstream(t);
  upstream.addImage('library/app', 'v1');
  const { holdfast } = await startWithAccounts(t, { upstreams: { 'docker.io': upstream.url } });
  await pullImage(`${holdfast.url}/mirror`, 'library/app', 'v1');
  await imageHeld(holdfast, 'library/app', 'v1');
  assert.equal(await statusOf(holdfast, '/mirror/v2/'), 200);
  const list = await holdfast.fetch('/mirror/v2/library/app/tags/list?n=1');
  assert.equal(list.status, 200);
  await list.arrayBuffer();
});

test('where nobody may pull without an account, the mirror has nothing, and does not ask', async (t) => {
  const { holdfast } = await startWithAccounts(t, { auth: { anonymous: 'none' } });
  await pushSample(as(holdfast, 'alice'), 'team/app', 'v1');
  for (const path of ['/mirror/v2/', '/mirror/v2/team/app/manifests/v1', '/mirror/v2/_catalog']) {
    assert.equal(await statusOf(holdfast, path), 404, path);
  }
});

test('an upload is closed to who may not push there, though he knows its address', async (t) => {
  const rules = [{ match: 'team/**', grant: { alice: ['push'] } }];
  const { holdfast } = await startWithAccounts(t, { auth: { rules } });
  const post = await as(holdfast, 'alice').fetch('/v2/team/app/blobs/uploads/', POST);
  const location = post.headers.get('location') ?? '';
  for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
    assert.equal(await statusOf(as(holdfast, 'bob'), location, { method }), 403, method);
    const elsewhere = location.replace('team/app', 'bob/app');
    const status = await statusOf(
      as(holdfast, 'bob'),
      `${elsewhere}?digest=${digestOf(Buffer.from(''))}`,
      { method },
    );
    assert.equal(status, 404, method);
  }
  assert.equal(await statusOf(as(holdfast, 'alice'), location), 204);
});

test('the port for mirrors takes pulls alone, looks at no credentials and asks for none', async (t) => {
  const { holdfast } = await startWithAccounts(t, {
    config: { listen: { port: 0, mirrorPort: 0 } },
    auth: { rules: [{ match: 'team/**', grant: { alice: ['push'] } }] },
  });
  for (const name of ['team/app', 'open/app']) {
    await pushSample(as(holdfast, 'alice'), name, 'v1');
  }
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { Authorization: basic('alice') };
    const response = await fetch(holdfast.mirrorUrl + path, { headers, ...init });
    await response.arrayBuffer();
    assert.equal(response.headers.get('www-authenticate'), null);
    return response.status;
  };
  assert.equal(await ask('/v2/'), 200);
  assert.equal(await ask('/v2/', { headers: { Authorization: 'Bearer nonsense' } }), 200);
  assert.equal((await pullImage(holdfast.mirrorUrl, 'open/app', 'v1')).bytes > 0, true);
  assert.equal(await ask('/v2/team/app/manifests/v1'), 404);
  assert.equal(await ask('/v2/open/app/manifests/v1', { method: 'DELETE' }), 405);
  assert.equal(await ask('/v2/open/app/manifests/v2', { method: 'PUT' }), 405);
  for (const path of ['/', '/token', '/metrics', '/api/v1/status', '/mirror/v2/']) {
    assert.equal(await ask(path), 404, path);
  }
});

test('the server ends with both its ports, and does not start with one', async (t) => {
  const { holdfast } = await startWithAccounts(t, {
    config: { listen: { port: 0, mirrorPort: 0 } },
  });
  const { mirrorUrl } = holdfast;
  const taken = Number(new URL(mirrorUrl).port);
  await assert.rejects(startHoldfast(t, { config: { listen: { port: 0, mirrorPort: taken } } }), {
    code: 'EADDRINUSE',
  });
  await holdfast.close();
  await assert.rejects(fetch(`${mirrorUrl}/v2/`));
});

async function pinsOf(server: Server): Promise<readonly string[]> {
  const { pins } = pinsAnswer.parse(await (await server.fetch('/api/v1/pins')).json());
  return pins.map(({ pattern }) => pattern).toSorted();
}

async function pinnedAs(server: Server) {
  const response = await server.fetch('/api/v1/image?image=team/open:v1');
  const { pinned, pinnedBy } = imageAnswer.parse(await response.json());
  return { pinned, pinnedBy: pinnedBy.map(({ pattern }) => pattern) };
}

test('a glob that pins an image is told to administrators alone', async (t) => {
  const auth = { administrators: ['root'] };
  const { holdfast } = await startWithAccounts(t, { accounts: ACCOUNTS, auth });
  const root = as(holdfast, 'root');
  await pushSample(root, 'team/open', 'v1');
  const glob = '{team/open,team/secret}:*';
  const headers = { 'Content-Type': 'application/json' };
  const pin = (pattern: string) =>
    statusOf(root, '/api/v1/pins', { ...POST, headers, body: JSON.stringify({ pattern }) });
  assert.deepEqual(await pinnedAs(holdfast), { pinned: false, pinnedBy: [] });
  await pin(glob);
  assert.deepEqual(await pinnedAs(root), { pinned: true, pinnedBy: [glob] });
  for (const server of [holdfast, as(holdfast, 'bob')]) {
    assert.deepEqual(await pinnedAs(server), { pinned: true, pinnedBy: [] });
  }
  await pin('team/open:v1');
  assert.deepEqual(await pinnedAs(holdfast), { pinned: true, pinnedBy: ['team/open:v1'] });
});

test('pins tell of no repository that is closed to who asks', async (t) => {
  const rules = [{ match: 'team/secret', grant: { alice: ['push'] } }];
  const auth = { rules, administrators: ['root'] };
  const upstreams = { 'docker.io': (await startUpstream(t)).url };
  const { holdfast } = await startWithAccounts(t, { accounts: ACCOUNTS, auth, upstreams });
  const root = as(holdfast, 'root');
  for (const name of ['team/secret', 'team/open']) {
    await pushSample(root, name, 'v1');
    const body = JSON.stringify({ pattern: `${name}:v1` });
    const headers = { 'Content-Type': 'application/json' };
    assert.equal(await statusOf(root, '/api/v1/pins', { ...POST, headers, body }), 200);
  }
  assert.deepEqual(await pinsOf(holdfast), ['team/open:v1']);
  assert.deepEqual(await pinsOf(as(holdfast, 'bob')), ['team/open:v1']);
  assert.deepEqual(await pinsOf(as(holdfast, 'alice')), ['team/open:v1', 'team/secret:v1']);
});
