/** `tags.minAge`: what a tag names is only taken over once this mirror has seen it name that for long enough. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { refreshAnswer } from '../../src/api/image.ts';
import { Gate } from '../helpers/gate.ts';
import {
  ask,
  DAY,
  HOUR,
  type Mirror,
  startHoldfast,
  startMirror,
  startUpstream,
  storedFiles,
  temporaryDirectory,
} from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';

const TAG = '/v2/library/app/manifests/1';
const HELD_BACK = 'holdfast; hit; detail=min-age';
const SERVE = { tags: { minAge: '3d', whenNew: 'serve' } };
const REFUSE = { tags: { minAge: '3d' } };

/** A mirror that holds the tag, which has then moved upstream. */
async function startMoved(t: TestContext, upstreamSettings: object = SERVE) {
  const mirror = await startMirror(t, { upstream: upstreamSettings });
  const first = mirror.upstream.addImage('library/app', '1');
  assert.equal((await ask(mirror.holdfast, TAG)).status, 200);
  mirror.holdfast.clock.advance(HOUR);
  const second = mirror.upstream.addImage('library/app', '1', { layers: [22] });
  mirror.upstream.clear();
  return { ...mirror, first, second };
}

const digestOf = async ({ holdfast }: Pick<Mirror, 'holdfast'>, method = 'GET') => {
  const { status, cache, headers } = await ask(holdfast, TAG, { method });
  return [status, headers.get('docker-content-digest'), cache];
};

test('a tag that has moved is served as it was until what it names is old enough', async (t) => {
  const { upstream, holdfast, first, second } = await startMoved(t);
  for (const method of ['GET', 'HEAD', 'GET'])
    assert.deepEqual(await digestOf({ holdfast }, method), [200, first.manifestDigest, HELD_BACK]);
  // While the tag is fresh nobody asks again, and nothing of the young image is fetched.
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 0]);

  holdfast.clock.advance(3 * DAY - HOUR);
  assert.deepEqual(await digestOf({ holdfast }), [200, first.manifestDigest, HELD_BACK]);
  holdfast.clock.advance(HOUR);
  const updated = 'holdfast; fwd=stale; detail=updated';
  assert.deepEqual(await digestOf({ holdfast }), [200, second.manifestDigest, updated]);
  assert.deepEqual(await digestOf({ holdfast }, 'HEAD'), [
    200,
    second.manifestDigest,
    'holdfast; hit',
  ]);
});

test('a tag that is revalidated without having moved is an ordinary hit', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { upstream: SERVE });
  upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  assert.equal((await ask(holdfast, TAG)).cache, 'holdfast; hit');
  holdfast.clock.advance(HOUR);
  assert.equal((await ask(holdfast, TAG)).cache, 'holdfast; fwd=stale; detail=revalidated');
});

test('by digest the young image can be had at once', async (t) => {
  const { holdfast, first, second } = await startMoved(t);
  await digestOf({ holdfast });
  const byDigest = await ask(holdfast, `/v2/library/app/manifests/${second.manifestDigest}`);
  assert.deepEqual([byDigest.status, byDigest.body], [200, second.manifest]);
  // That it is held now does not make it old.
  holdfast.clock.advance(HOUR);
  assert.deepEqual(await digestOf({ holdfast }), [200, first.manifestDigest, HELD_BACK]);
});

test('what was withdrawn does not get in by its age when it comes back', async (t) => {
  const { upstream, holdfast, first, second } = await startMoved(t);
  await digestOf({ holdfast });
  upstream.setTag('library/app', '1', first.manifestDigest);
  holdfast.clock.advance(2 * DAY);
  await digestOf({ holdfast });
  upstream.setTag('library/app', '1', second.manifestDigest);
  holdfast.clock.advance(2 * DAY);
  assert.deepEqual(await digestOf({ holdfast }), [200, first.manifestDigest, HELD_BACK]);
  holdfast.clock.advance(3 * DAY);
  assert.equal((await digestOf({ holdfast }))[1], second.manifestDigest);
});

test('a tag of which only something young is known is refused by GET and HEAD, and says until when', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { upstream: REFUSE });
  const { manifestDigest } = upstream.addImage('library/app', '1');
  holdfast.clock.stop();
  const now = holdfast.clock.now();
  const refused = await ask(holdfast, TAG);
  assert.deepEqual([refused.status, refused.code], [403, 'DENIED']);
  const [{ message, detail }] = (
    JSON.parse(refused.body.toString()) as { errors: [{ message: string; detail: object }] }
  ).errors;
  assert.match(message, /^docker\.io\/library\/app:1 was first seen here at .*tags\.minAge/);
  assert.deepEqual(detail, { digest: manifestDigest, until: now + 3 * DAY });
  assert.equal((await ask(holdfast, TAG, { method: 'HEAD' })).status, 403);
  assert.equal(upstream.count('GET'), 0);

  holdfast.clock.advance(3 * DAY);
  assert.deepEqual(await digestOf({ holdfast }, 'HEAD'), [
    200,
    manifestDigest,
    'holdfast; fwd=uri-miss',
  ]);
  assert.deepEqual(await digestOf({ holdfast }), [200, manifestDigest, 'holdfast; hit']);
});

test('how long a tag has been seen outlives a restart', async (t) => {
  const dir = await temporaryDirectory(t);
  const upstream = await startUpstream(t);
  const { manifestDigest } = upstream.addImage('library/app', '1');
  const options = { upstreams: { 'docker.io': upstream.url }, upstream: REFUSE, dir };
  const before = await startHoldfast(t, options);
  assert.equal((await ask(before, TAG)).status, 403);
  await before.close();
  const after = await startHoldfast(t, options);
  after.clock.advance(3 * DAY);
  assert.deepEqual((await digestOf({ holdfast: after })).slice(0, 2), [200, manifestDigest]);
});

test('an image that was evicted is fetched again as it was, not refused and not replaced', async (t) => {
  const upstream = await startUpstream(t);
  const dir = await temporaryDirectory(t);
  const options = { upstreams: { 'docker.io': upstream.url }, upstream: SERVE, dir };
  const { manifestDigest } = upstream.addImage('library/app', '1');
  const before = await startHoldfast(t, options);
  await pullImage(before.url, 'library/app', '1');
  await storedFiles(before);
  upstream.addImage('library/app', '1', { layers: [22] });
  before.clock.advance(HOUR);
  assert.deepEqual(await digestOf({ holdfast: before }), [200, manifestDigest, HELD_BACK]);
  await before.close();
  const storage = { dir, maxSize: '1B', minFree: '0B' };
  const holdfast = await startHoldfast(t, { ...options, config: { storage } });
  await holdfast.upkeep.collectGarbage();
  assert.deepEqual(await storedFiles(holdfast), []);
  upstream.clear();
  assert.deepEqual(await digestOf({ holdfast }), [200, manifestDigest, HELD_BACK]);
  assert.equal(upstream.count('GET', new RegExp(manifestDigest)), 1);
});

test('a deleted copy is not brought back: the tag has to wait for the next one', async (t) => {
  const upstream = await startUpstream(t);
  const dir = await temporaryDirectory(t);
  const upstreams = { 'docker.io': upstream.url };
  const { manifestDigest } = upstream.addImage('library/app', '1');
  const before = await startHoldfast(t, { upstreams, dir });
  await ask(before, TAG);
  await before.close();
  const holdfast = await startHoldfast(t, { upstreams, dir, upstream: REFUSE });
  holdfast.clock.advance(HOUR);
  upstream.addImage('library/app', '1', { layers: [22] });
  assert.deepEqual(await digestOf({ holdfast }), [200, manifestDigest, HELD_BACK]);
  const path = `/v2/library/app/manifests/${manifestDigest}`;
  assert.equal((await ask(holdfast, path, { method: 'DELETE' })).status, 202);
  assert.equal((await ask(holdfast, TAG)).status, 403);
});

test('many clients cost one HEAD, and all get the older image', async (t) => {
  const { upstream, holdfast, first } = await startMoved(t);
  const gate = new Gate();
  upstream.fault({ method: 'HEAD', holdHeaders: gate, times: 1 });
  const asking = Array.from({ length: 8 }, () => digestOf({ holdfast }));
  await gate.reached;
  gate.release();
  for (const reply of await Promise.all(asking))
    assert.deepEqual(reply, [200, first.manifestDigest, HELD_BACK]);
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 0]);
});

test('while upstream fails the older image is served as stale', async (t) => {
  const { upstream, holdfast, first } = await startMoved(t);
  await digestOf({ holdfast });
  holdfast.clock.advance(HOUR);
  upstream.fault({ status: 503 });
  const reply = await ask(holdfast, TAG);
  assert.equal(reply.headers.get('docker-content-digest'), first.manifestDigest);
  assert.match(reply.cache ?? '', /detail=stale-if-error$/);
});

test('an upstream that leaves out digests is judged by the bytes', async (t) => {
  const { upstream, holdfast, first } = await startMoved(t);
  upstream.fault({ headers: { 'docker-content-digest': undefined } });
  assert.deepEqual(await digestOf({ holdfast }), [200, first.manifestDigest, HELD_BACK]);
});

test('a tag that moves on between HEAD and GET lets nothing younger in', async (t) => {
  const { upstream, holdfast, first, second } = await startMoved(t);
  await digestOf({ holdfast });
  holdfast.clock.advance(3 * DAY);
  upstream.content.removeManifest('library/app', second.manifestDigest);
  upstream.addImage('library/app', '1', { layers: [33] });
  const headers = { 'docker-content-digest': second.manifestDigest };
  upstream.fault({ method: 'HEAD', headers, times: 1 });
  const reply = await ask(holdfast, TAG);
  assert.equal(reply.headers.get('docker-content-digest'), first.manifestDigest);
  assert.match(reply.cache ?? '', /detail=stale-if-error$/);
  assert.deepEqual(await digestOf({ holdfast }), [200, first.manifestDigest, HELD_BACK]);
});

test('a refresh respects the minimum age unless it is forced', async (t) => {
  const { holdfast, first, second } = await startMoved(t);
  const refresh = async (body: object) => {
    const response = await holdfast.fetch('/api/v1/refresh', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ image: 'app:1', ...body }),
    });
    return refreshAnswer.parse(await response.json());
  };
  const image = 'docker.io/library/app:1';
  const [before, after] = [first.manifestDigest, second.manifestDigest];
  const kept = { image, before, after: before, changed: false, heldBack: true };
  assert.deepEqual(await refresh({}), kept);
  const taken = { image, before, after, changed: true, heldBack: false };
  assert.deepEqual(await refresh({ force: true }), taken);
  assert.deepEqual(await digestOf({ holdfast }), [200, after, 'holdfast; hit']);
  // It stays so when upstream is asked again.
  holdfast.clock.advance(HOUR);
  assert.equal((await digestOf({ holdfast }))[1], after);
});

test('a rule gives some tags another minimum age', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { tags: { minAge: '3d', rules: [{ match: 'library/*:*', minAge: '0s' }] } },
  });
  upstream.addImage('library/app', '1');
  upstream.addImage('team/app', '1');
  assert.equal((await ask(holdfast, TAG)).status, 200);
  assert.equal((await ask(holdfast, '/v2/team/app/manifests/1')).status, 403);
});

test('under a name that is hosted here a young image of upstream is simply unknown', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { upstream: REFUSE });
  const { manifest, mediaType, configDigest, config, layerDigests, layers } = upstream.addImage(
    'team/app',
    '1',
  );
  for (const [index, blob] of [config, ...layers].entries()) {
    const digest = [configDigest, ...layerDigests][index];
    const path = `/v2/team/app/blobs/uploads/?digest=${digest}`;
    const post = await holdfast.fetch(path, { method: 'POST', body: new Uint8Array(blob) });
    assert.equal(post.status, 201);
  }
  const headers = { 'Content-Type': mediaType };
  const put = await holdfast.fetch('/v2/team/app/manifests/mine', {
    method: 'PUT',
    headers,
    body: new Uint8Array(manifest),
  });
  assert.equal(put.status, 201);
  const reply = await ask(holdfast, '/v2/team/app/manifests/1');
  assert.deepEqual([reply.status, reply.code], [404, 'MANIFEST_UNKNOWN']);
});
