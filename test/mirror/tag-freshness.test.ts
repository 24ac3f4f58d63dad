import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../helpers/gate.ts';
import { countArrivals } from '../helpers/arrivals.ts';
import { ask, DAY, HOUR, MINUTE, startMirror } from '../helpers/mirror.ts';

const TAG = '/v2/library/app/manifests/1';
const REVALIDATED = 'holdfast; fwd=stale; detail=revalidated';
const UPDATED = 'holdfast; fwd=stale; detail=updated';
const COLLAPSED = /^holdfast; fwd=stale; collapsed; detail=/;

test('a fresh tag is served without asking upstream, a stale one after one HEAD', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest, mediaType, manifestDigest } = upstream.addImage('library/app', '1');
  const cold = await ask(holdfast, TAG);
  assert.equal(cold.cache, 'holdfast; fwd=uri-miss');
  assert.deepEqual(cold.body, manifest);
  assert.equal(cold.headers.get('content-type'), mediaType);
  assert.equal(cold.headers.get('docker-content-digest'), manifestDigest);
  assert.deepEqual([upstream.count('GET'), upstream.count('HEAD')], [1, 0]);

  holdfast.clock.advance(5 * MINUTE - 10_000);
  assert.equal((await ask(holdfast, TAG)).cache, 'holdfast; hit');
  assert.equal(upstream.requests.length, 1);

  holdfast.clock.advance(20_000);
  const stale = await ask(holdfast, TAG);
  assert.equal(stale.cache, REVALIDATED);
  assert.deepEqual(stale.body, manifest);
  assert.deepEqual([upstream.count('GET'), upstream.count('HEAD')], [1, 1]);

  assert.equal((await ask(holdfast, TAG)).cache, 'holdfast; hit');
  assert.equal(upstream.requests.length, 2);
});

test('a digest is never asked for again', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifestDigest, manifest } = upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  holdfast.clock.advance(1000 * DAY);
  upstream.clear();
  for (const method of ['GET', 'HEAD']) {
    const reply = await ask(holdfast, `/v2/library/app/manifests/${manifestDigest}`, { method });
    assert.deepEqual([reply.status, reply.cache], [200, 'holdfast; hit']);
    if (method === 'GET') assert.deepEqual(reply.body, manifest);
  }
  assert.deepEqual(upstream.requests, []);
});

test('thirty clients of a stale tag share one HEAD', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest } = upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  holdfast.clock.advance(HOUR);
  upstream.clear();
  const gate = new Gate();
  upstream.fault({ method: 'HEAD', holdHeaders: gate });
  const arrivals = countArrivals(t, holdfast);
  const asking = Array.from({ length: 30 }, () => ask(holdfast, TAG));
  await arrivals.until(30);
  gate.release();
  const replies = await Promise.all(asking);
  for (const { status, body } of replies) {
    assert.equal(status, 200);
    assert.deepEqual(body, manifest);
  }
  assert.equal(replies.filter(({ cache }) => cache === REVALIDATED).length, 1);
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 0]);
});

test('thirty clients of a tag that has moved share one HEAD and one GET, by digest', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  holdfast.clock.advance(HOUR);
  upstream.clear();
  const moved = upstream.addImage('library/app', '1', { layers: [77] });
  const gate = new Gate();
  upstream.fault({ method: 'GET', holdHeaders: gate });
  const arrivals = countArrivals(t, holdfast);
  const asking = Array.from({ length: 30 }, () => ask(holdfast, TAG));
  await arrivals.until(30);
  gate.release();
  const replies = await Promise.all(asking);
  for (const { body, headers } of replies) {
    assert.deepEqual(body, moved.manifest);
    assert.equal(headers.get('docker-content-digest'), moved.manifestDigest);
  }
  assert.equal(replies.filter(({ cache }) => cache === UPDATED).length, 1);
  assert.ok(
    replies.every(
      ({ cache }) => cache === UPDATED || COLLAPSED.test(cache ?? '') || cache === 'holdfast; hit',
    ),
  );
  assert.equal(upstream.count('HEAD'), 1);
  assert.equal(upstream.count('GET'), 1);
  assert.equal(upstream.count('GET', new RegExp(`/manifests/${moved.manifestDigest}$`)), 1);
});

test('the old digest of a tag that has moved stays to be had, and so does a digest that it moves back to', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const first = upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  upstream.addImage('library/app', '1', { layers: [77] });
  holdfast.clock.advance(HOUR);
  assert.equal((await ask(holdfast, TAG)).cache, UPDATED);
  const byDigest = await ask(holdfast, `/v2/library/app/manifests/${first.manifestDigest}`);
  assert.equal(byDigest.cache, 'holdfast; hit');

  upstream.setTag('library/app', '1', first.manifestDigest);
  holdfast.clock.advance(HOUR);
  upstream.clear();
  const back = await ask(holdfast, TAG);
  assert.equal(back.cache, UPDATED);
  assert.deepEqual(back.body, first.manifest);
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 0]);
});

test('a HEAD of a stale tag revalidates as a GET does', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  holdfast.clock.advance(HOUR);
  const moved = upstream.addImage('library/app', '1', { layers: [77] });
  const head = await ask(holdfast, TAG, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get('docker-content-digest'), moved.manifestDigest);
  assert.equal(head.headers.get('content-length'), String(moved.manifest.length));
});

test('a tag with maxAge 0s is checked on every pull', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { upstream: { tags: { maxAge: '0s' } } });
  upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  for (let pulls = 1; pulls <= 3; pulls++) {
    assert.equal((await ask(holdfast, TAG)).cache, REVALIDATED);
    assert.equal(upstream.count('HEAD'), pulls);
  }
});

test('the first rule that matches decides how long a tag is fresh', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: {
      tags: {
        maxAge: '1m',
        rules: [
          { match: 'library/app:nightly', maxAge: '0s' },
          { match: '*:v*', maxAge: '7d' },
        ],
      },
    },
  });
  for (const tag of ['nightly', 'v1.2.3', 'latest']) {
    upstream.addImage('library/app', tag);
    await ask(holdfast, `/v2/library/app/manifests/${tag}`);
  }
  const cacheOf = async (tag: string) => (await ask(holdfast, `/v2/app/manifests/${tag}`)).cache;
  assert.equal(await cacheOf('nightly'), REVALIDATED);
  assert.equal(await cacheOf('latest'), 'holdfast; hit');
  holdfast.clock.advance(6 * DAY);
  assert.equal(await cacheOf('latest'), REVALIDATED);
  assert.equal(await cacheOf('v1.2.3'), 'holdfast; hit');
  holdfast.clock.advance(2 * DAY);
  assert.equal(await cacheOf('v1.2.3'), REVALIDATED);
});

test('by default full version tags are fresh for a week', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', 'v1.2.3');
  await ask(holdfast, '/v2/app/manifests/v1.2.3');
  holdfast.clock.advance(6 * DAY);
  assert.equal((await ask(holdfast, '/v2/app/manifests/v1.2.3')).cache, 'holdfast; hit');
});

test('a client that holds the digest already is answered 304', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifestDigest } = upstream.addImage('library/app', '1');
  const headers = { 'if-none-match': `"${manifestDigest}"` };
  const reply = await ask(holdfast, TAG, { headers });
  assert.deepEqual([reply.status, reply.body.length], [304, 0]);
  assert.equal(reply.headers.get('etag'), `"${manifestDigest}"`);
  const other = { 'if-none-match': `"sha256:${'0'.repeat(64)}"` };
  assert.equal((await ask(holdfast, TAG, { headers: other })).status, 200);
});
