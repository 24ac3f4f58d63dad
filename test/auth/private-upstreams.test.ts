/** Who is told that there is a private upstream, and what of it. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { upstreamsAnswer, usageAnswer } from '../../src/api/activity.ts';
import { statusAnswer } from '../../src/api/status.ts';
import { evictionsAnswer } from '../../src/api/upkeep.ts';
import { eventually } from '../helpers/eventually.ts';
import { startHoldfast, startUpstream, temporaryDirectory } from '../helpers/mirror.ts';
import type { Server } from '../spec/pushing.ts';
import { refusal } from '../spec/refusal.ts';
import { as, startWithAccounts, statusOf } from './signing-in.ts';

const OPEN = 'open.example';
const SECRET = 'secret.example';
const ALIAS = 'alias.example';

interface Options {
  readonly rules?: readonly object[];
  readonly deny?: readonly string[];
  readonly dir?: string;
}

/** An open upstream, and a private one that is the default; alice has pulled an image of each. */
async function start(t: TestContext, { rules = [], deny = [], dir }: Options = {}) {
  const upstream = await startUpstream(t);
  upstream.addImage('team/app', 'v1');
  const config = {
    defaultUpstream: SECRET,
    upstreams: {
      [OPEN]: { url: upstream.url },
      [SECRET]: { url: upstream.url, private: true, deny, aliases: [ALIAS] },
    },
  };
  const { holdfast, htpasswd } = await startWithAccounts(t, {
    accounts: ['alice', 'bob', 'root'],
    auth: { rules, administrators: ['root'] },
    config,
    ...(dir !== undefined && { dir }),
  });
  const alice = as(holdfast, 'alice');
  for (const name of [OPEN, SECRET]) {
    assert.equal(await statusOf(alice, `/v2/${name}/team/app/manifests/v1`), 200);
  }
  await eventually('both pulls are counted', async () => {
    const { upstreams = [] } = (await usageOf(as(holdfast, 'root'))) ?? {};
    return upstreams.filter(({ requests }) => requests === 1).length === 2;
  });
  return { holdfast, htpasswd };
}

async function get(server: Server, path: string): Promise<string> {
  const response = await server.fetch(path);
  assert.equal(response.status, 200, path);
  return response.text();
}

async function usageOf(server: Server) {
  const text = await get(server, '/api/v1/usage?days=1');
  return usageAnswer.parse(JSON.parse(text)).days[0];
}

/** All that speaks of upstreams. */
async function toldTo(server: Server): Promise<readonly string[]> {
  const paths = ['/api/v1/upstreams', '/api/v1/usage', '/api/v1/status', '/metrics'];
  return Promise.all(paths.map((path) => get(server, path)));
}

async function assertToldOf(server: Server, names: readonly string[], who: string): Promise<void> {
  const { upstreams } = upstreamsAnswer.parse(JSON.parse(await get(server, '/api/v1/upstreams')));
  assert.deepEqual(upstreams.map(({ name }) => name).toSorted(), names, who);
  for (const text of await toldTo(server)) {
    assert.equal(text.includes(SECRET), names.includes(SECRET), `${who}: ${text}`);
  }
}

test('who may not pull from a private upstream is not told of it', async (t) => {
  const { holdfast } = await start(t);
  await assertToldOf(holdfast, [OPEN], 'nobody');
  for (const name of ['alice', 'bob', 'root']) {
    await assertToldOf(as(holdfast, name), [OPEN, SECRET], name);
  }
});

test('what is not told of does not count in the sums', async (t) => {
  const { holdfast } = await start(t);
  const all = await usageOf(as(holdfast, 'bob'));
  assert.deepEqual([all?.total.requests, all?.upstreams.length], [2, 2]);
  const open = await usageOf(holdfast);
  assert.deepEqual([open?.total.requests, open?.upstreams.length], [1, 1]);
  const { upstream, ...counts } = open?.upstreams[0] ?? {};
  assert.equal(upstream, OPEN);
  assert.deepEqual(open?.total, counts);
});

test('an upstream that is closed to an account by rule is not told of to it', async (t) => {
  const rules = [{ match: `${SECRET}/**`, grant: { alice: ['pull'] } }];
  const { holdfast } = await start(t, { rules });
  await assertToldOf(as(holdfast, 'bob'), [OPEN], 'bob');
  for (const name of ['alice', 'root']) {
    await assertToldOf(as(holdfast, name), [OPEN, SECRET], name);
  }
});

test('rules about a part of an upstream neither hide nor show it', async (t) => {
  const rules = [
    { match: `${OPEN}/team/closed`, grant: {} },
    { match: `${SECRET}/team/open`, grant: { anonymous: ['pull'] } },
  ];
  const { holdfast } = await start(t, { rules });
  await assertToldOf(holdfast, [OPEN], 'nobody');
  await assertToldOf(as(holdfast, 'bob'), [OPEN, SECRET], 'bob');
});

test('an upstream that is opened by rule is told of to everybody', async (t) => {
  const rules = [{ match: `${SECRET}/**`, grant: { anonymous: ['pull'] } }];
  const { holdfast } = await start(t, { rules });
  await assertToldOf(holdfast, [OPEN, SECRET], 'nobody');
});

test('what was counted of an upstream that is configured no more is for accounts', async (t) => {
  const dir = await temporaryDirectory(t);
  const { holdfast, htpasswd } = await start(t, { dir });
  await holdfast.close();
  const again = await startHoldfast(t, { dir, config: { auth: { htpasswd } } });
  assert.deepEqual((await usageOf(again))?.upstreams, []);
  assert.equal((await usageOf(as(again, 'bob')))?.upstreams.length, 2);
});

test('without accounts the operator of this machine is told of all, a network of what it may pull', async (t) => {
  const upstreams = {
    [OPEN]: { url: 'http://127.0.0.1:1' },
    [SECRET]: { url: 'http://127.0.0.1:1', private: true },
  };
  const config = { upstreams, defaultUpstream: SECRET };
  const own = await startHoldfast(t, { config });
  for (const path of ['/api/v1/upstreams', '/api/v1/status', '/metrics']) {
    assert.ok((await get(own, path)).includes(SECRET), path);
  }
  const listen = { port: 0, reverseProxy: {} };
  const shared = await startHoldfast(t, { config: { ...config, listen } });
  await assertToldOf(shared, [OPEN], 'network');
  assert.match(await get(shared, '/metrics'), /^holdfast_upstream_breaker_open\{upstream="open/m);
  const { defaultUpstream } = statusAnswer.parse(JSON.parse(await get(shared, '/api/v1/status')));
  assert.equal(defaultUpstream, null);
});

test('what a private upstream leaves out is told to who may pull from it', async (t) => {
  const { holdfast } = await start(t, { deny: ['team/left-out'] });
  const path = `/v2/${SECRET}/team/left-out/manifests/v1`;
  for (const left of [path, path.replace('left-out', 'app')]) {
    assert.equal(await statusOf(holdfast, left), 401);
    assert.equal(await statusOf(holdfast, `/mirror${left}`), 404);
  }
  await refusal(await as(holdfast, 'bob').fetch(path), 403, 'DENIED');
});

test('a refusal does not tell what another name means', async (t) => {
  const rules = [{ match: `${SECRET}/**`, grant: { alice: ['pull'] } }];
  const { holdfast } = await start(t, { rules });
  const answer = await as(holdfast, 'bob').fetch(`/v2/${ALIAS}/team/app/manifests/v1`);
  assert.match(await answer.clone().text(), /bob may not pull alias.example\/team\/app/);
  await refusal(answer, 403, 'DENIED');
});

test('an import under a closed name is refused as one under any other', async (t) => {
  const hosted = 'hosted.example';
  const rules = [SECRET, hosted].map((name) => ({
    match: `${name}/**`,
    grant: { alice: ['push'] },
  }));
  const { holdfast } = await start(t, { rules });
  const refusals = [SECRET, hosted].map(async (name) => {
    const response = await as(holdfast, 'bob').fetch(`/api/v1/import?to=${name}/team/app:1`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-tar' },
    });
    assert.equal(response.status, 403);
    return (await response.text()).replaceAll(name, '…');
  });
  const [told, expected] = await Promise.all(refusals);
  assert.equal(told, expected);
});

test('what goes next is told without gaps', async (t) => {
  const rules = [{ match: `${OPEN}/**`, grant: { alice: ['pull'] } }];
  const { holdfast } = await start(t, { rules });
  const nextFor = async (name: string) => {
    const { next } = evictionsAnswer.parse(
      JSON.parse(await get(as(holdfast, name), '/api/v1/evictions?n=1')),
    );
    return next.map((one) => one.name);
  };
  assert.deepEqual(await nextFor('root'), [`${OPEN}/team/app`]);
  assert.deepEqual(await nextFor('bob'), [`${SECRET}/team/app`]);
});
