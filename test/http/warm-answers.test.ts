/** A warm answer is given again without being looked for; nobody may be able to tell but by the time it takes. */
import assert from 'node:assert/strict';
import { get, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { Router } from '@koa/router';
import type { UsageAnswer } from '../../src/api/activity.ts';
import type { RequestState } from '../../src/http/context.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/repository-name.ts';
import { HIT as HIT_OUTCOME } from '../../src/pull-through/outcome.ts';
import { as, startWithAccounts } from '../auth/signing-in.ts';
import { startBareServer } from '../helpers/bare-server.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import {
  ask,
  MINUTE,
  type Reply,
  startMirror,
  storedFiles,
  temporaryDirectory,
  untilHeld,
} from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';
import { pushSample } from '../spec/pushing.ts';

const TAG = '/v2/library/app/manifests/1';
const HIT = 'holdfast; hit';

/** Asked for until the answer is one that is given again. */
async function warm(holdfast: Holdfast, path: string, method = 'GET'): Promise<Reply> {
  await ask(holdfast, path, { method });
  await ask(holdfast, path, { method });
  const reply = await ask(holdfast, path, { method });
  assert.deepEqual([reply.status, reply.cache], [200, HIT]);
  return reply;
}

function lasting({ headers }: Reply): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name !== 'date'));
}

test('it has the headers and the bytes of one that was looked for, as GET and as HEAD', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest, manifestDigest } = upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  for (const reference of ['1', manifestDigest]) {
    for (const method of ['GET', 'HEAD']) {
      const path = `/v2/library/app/manifests/${reference}`;
      // A condition that does not hold makes the router look.
      const headers = { 'If-None-Match': '"other"' };
      const lookedFor = await ask(holdfast, path, { method, headers });
      const again = await warm(holdfast, path, method);
      assert.deepEqual(lasting(again), lasting(lookedFor));
      assert.deepEqual(again.body, method === 'GET' ? manifest : Buffer.alloc(0));
    }
  }
  const { rawHeaders } = await rawGet(holdfast, TAG);
  for (const name of ['Docker-Content-Digest', 'ETag', 'Cache-Status']) {
    assert.ok(rawHeaders.includes(name), `${name}, spelled so: ${rawHeaders.join()}`);
  }
});

test('a small blob is given again too, whole and in spans', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { layers, layerDigests } = upstream.addImage('library/app', '1', { layers: [20_000] });
  const path = `/v2/library/app/blobs/${layerDigests[0]}`;
  await ask(holdfast, path);
  await untilHeld(holdfast, path);
  upstream.clear();
  const lookedFor = await ask(holdfast, path, { headers: { 'If-None-Match': '"other"' } });
  const again = await warm(holdfast, path);
  assert.deepEqual(lasting(again), lasting(lookedFor));
  assertSameBytes(again.body, layers[0]);
  const span = await ask(holdfast, path, { headers: { Range: 'bytes=5-9' } });
  assert.deepEqual([span.status, span.body], [206, layers[0]?.subarray(5, 10)]);
  assert.deepEqual(upstream.requests, []);

  await ask(holdfast, path, { method: 'DELETE' });
  assert.equal((await ask(holdfast, path)).cache, 'holdfast; fwd=uri-miss');
});

/** The answer to a request with headers that `fetch` sets or folds by itself. */
function rawGet(
  holdfast: Holdfast,
  path: string,
  headers: OutgoingHttpHeaders = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(holdfast.url + path, { headers }, (res) => resolve(res.resume())).once('error', reject);
  });
}

test('a tag that has aged is checked, whatever was answered before', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  await warm(holdfast, TAG);
  const moved = upstream.addImage('library/app', '1', { layers: [77] });
  holdfast.clock.advance(4 * MINUTE);
  assert.equal((await ask(holdfast, TAG)).cache, HIT);
  holdfast.clock.advance(2 * MINUTE);
  const updated = await ask(holdfast, TAG);
  assert.equal(updated.cache, 'holdfast; fwd=stale; detail=updated');
  assert.deepEqual(updated.body, moved.manifest);
  assert.deepEqual((await warm(holdfast, TAG)).body, moved.manifest);
});

test('a clock that is set back makes nobody fresh', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  await warm(holdfast, TAG);
  holdfast.clock.advance(-60 * MINUTE);
  const { cache } = await ask(holdfast, TAG);
  assert.equal(cache, 'holdfast; fwd=stale; detail=revalidated');
});

test('a push, a move and a delete are seen at once', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const theirs = upstream.addImage('library/app', '1');
  const path = '/v2/app/manifests/1';
  assert.deepEqual((await warm(holdfast, path)).body, theirs.manifest);

  const first = await pushImage(holdfast.url, 'app', '1', [400]);
  const hosted = await ask(holdfast, path);
  assert.equal(hosted.headers.get('docker-content-digest'), first.digest);
  await warm(holdfast, path);
  await warm(holdfast, path, 'HEAD');

  const second = await pushImage(holdfast.url, 'app', '1', [500]);
  for (const method of ['HEAD', 'GET']) {
    const moved = await ask(holdfast, path, { method });
    assert.equal(moved.headers.get('docker-content-digest'), second.digest);
  }
  const byDigest = `/v2/app/manifests/${second.digest}`;
  await warm(holdfast, byDigest);
  await ask(holdfast, byDigest, { method: 'DELETE' });
  assert.equal((await ask(holdfast, byDigest)).status, 404);
  // The tag has gone with it: the name means the upstream's again.
  assert.deepEqual((await ask(holdfast, path)).body, theirs.manifest);
});

test('what is dropped from the cache is fetched again', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifestDigest } = upstream.addImage('library/app', '1');
  await warm(holdfast, TAG);
  await ask(holdfast, `/v2/library/app/manifests/${manifestDigest}`, { method: 'DELETE' });
  upstream.clear();
  assert.equal((await ask(holdfast, TAG)).cache, 'holdfast; fwd=uri-miss');
  assert.equal(upstream.count('GET'), 1);
});

test('a condition is looked at', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifestDigest } = upstream.addImage('library/app', '1');
  await warm(holdfast, TAG);
  const headers = { 'If-None-Match': `"${manifestDigest}"` };
  assert.equal((await ask(holdfast, TAG, { headers })).status, 304);
});

test('an ns is looked at with the name that the server is called by', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const theirs = upstream.addImage('library/app', '1');
  const ours = await pushImage(holdfast.url, 'app', '1', [400]);
  const { host } = new URL(holdfast.url);
  const here = `/v2/app/manifests/1?ns=${host}`;
  const there = '/v2/app/manifests/1?ns=docker.io';
  for (let time = 0; time < 3; time += 1) {
    assert.equal((await ask(holdfast, here)).headers.get('docker-content-digest'), ours.digest);
    const hub = await ask(holdfast, there);
    assert.equal(hub.headers.get('docker-content-digest'), theirs.manifestDigest);
    assert.equal(hub.headers.get('oci-namespace'), 'docker.io');
  }
  const { statusCode } = await rawGet(holdfast, here, { Host: 'other.example' });
  assert.equal(statusCode, 404, 'under another name, this one is no namespace that is known');
});

test('behind a proxy, the name that it forwards is looked at as well', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    config: {
      listen: { host: '127.0.0.1', port: 0, reverseProxy: {} },
      auth: { anonymous: 'push' },
    },
  });
  const theirs = upstream.addImage('library/app', '1');
  const ours = await pushImage(holdfast.url, 'app', '1', [400]);
  const path = '/v2/app/manifests/1?ns=docker.io';
  await ask(holdfast, path);
  for (let time = 0; time < 3; time += 1) {
    const headers = { 'X-Forwarded-Host': 'docker.io' };
    const here = await ask(holdfast, path, { headers });
    assert.equal(here.headers.get('docker-content-digest'), ours.digest);
    const hub = await ask(holdfast, path);
    assert.equal(hub.headers.get('docker-content-digest'), theirs.manifestDigest);
  }
});

test('it counts as any other pull', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest } = upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  for (let time = 0; time < 9; time += 1) await ask(holdfast, TAG);
  const metrics = await (await holdfast.fetch('/metrics')).text();
  assert.match(metrics, /^holdfast_requests_total\{operation="manifest",outcome="hit"\} 9$/m);
  assert.match(metrics, /^holdfast_request_duration_seconds_count\{operation="manifest"\} 10$/m);
  const served = new RegExp(
    `^holdfast_served_bytes_total{source="store"} ${9 * manifest.length}$`,
    'm',
  );
  assert.match(metrics, served);
  const usage = await ask(holdfast, '/api/v1/usage?days=1');
  const [day] = (JSON.parse(usage.body.toString()) as UsageAnswer).days;
  assert.deepEqual([day?.total.requests, day?.total.hits], [10, 9]);
});

test('it is a use of the image, which keeps it from being evicted', async (t) => {
  const dir = await temporaryDirectory(t);
  // Room for three images, not for four.
  const storage = { dir, maxSize: '350KB', minFree: '0B' };
  const { upstream, holdfast } = await startMirror(t, {
    dir,
    config: { prefetch: 'off', storage },
  });
  holdfast.clock.stop();
  const tags = ['1', '2', '3', '4'];
  const images = tags.map((tag) => upstream.addImage('library/app', tag, { layers: [100_000] }));
  for (const tag of ['1', '2', '3']) {
    await pullImage(holdfast.url, 'library/app', tag);
    await settled(holdfast);
  }
  for (const tag of ['1', '2', '3', '1']) {
    holdfast.clock.advance(1_000);
    assert.equal((await ask(holdfast, `/v2/library/app/manifests/${tag}`)).cache, HIT);
  }
  holdfast.clock.advance(1_000);
  await pullImage(holdfast.url, 'library/app', '4');
  await settled(holdfast);
  const files = (await storedFiles(holdfast)).join();
  const held = images.map(({ layerDigests: [layer = ''] }) => files.includes(layer.slice(7)));
  assert.deepEqual(held, [true, false, true, true]);
});

async function settled(holdfast: Holdfast): Promise<void> {
  await storedFiles(holdfast);
  await holdfast.upkeep.collectGarbage();
}

test('with accounts, what was given to one who is signed in is not given to the next', async (t) => {
  const { holdfast } = await startWithAccounts(t, { auth: { anonymous: 'none' } });
  const alice = as(holdfast, 'alice');
  await pushSample(alice, 'team/app', 'v1');
  const path = '/v2/team/app/manifests/v1';
  for (let time = 0; time < 3; time += 1) assert.equal((await alice.fetch(path)).status, 200);
  assert.equal((await holdfast.fetch(path)).status, 401);
});

test('a wrong password is refused, also where anybody may pull', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  await pushSample(as(holdfast, 'alice'), 'team/app', 'v1');
  const path = '/v2/team/app/manifests/v1';
  await warm(holdfast, path);
  const headers = { Authorization: `Basic ${btoa('alice:wrong')}` };
  assert.equal((await ask(holdfast, path, { headers })).status, 401);
});

test('the page of another site is kept out', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  await warm(holdfast, TAG);
  const headers = { Origin: 'http://mirror.example' };
  assert.equal((await ask(holdfast, TAG, { headers })).status, 403);
});

test('an address that nobody needs so long takes no memory', async (t) => {
  const router = new Router<RequestState>();
  let lookedFor = 0;
  router.get('/v2/app', (ctx) => {
    lookedFor += 1;
    const body = Buffer.from('{}');
    ctx.respond = false;
    ctx.res.end(body);
    ctx.state.operation = 'manifest';
    ctx.state.outcome = HIT_OUTCOME;
    ctx.state.source = { kind: 'hosted', name: parseRepositoryName('app') as RepositoryName };
    ctx.state.again = { isSame: () => true, use: () => undefined, body };
  });
  const server = await startBareServer(t, router);
  const times = async (query: string): Promise<number> => {
    lookedFor = 0;
    for (let time = 0; time < 3; time += 1) {
      await (await fetch(`http://127.0.0.1:${server.address.port}/v2/app${query}`)).text();
    }
    return lookedFor;
  };
  assert.equal(await times(''), 1);
  assert.equal(await times(`?ns=${'n'.repeat(255)}`), 1);
  assert.equal(await times(`?${'x'.repeat(10_000)}`), 3);
});
