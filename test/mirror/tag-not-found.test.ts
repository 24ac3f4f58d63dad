import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../helpers/gate.ts';
import { countArrivals } from '../helpers/arrivals.ts';
import { ask, HOUR, MINUTE, startMirror } from '../helpers/mirror.ts';

const TAG = '/v2/library/app/manifests/1';

test('a tag that upstream has deleted is a 404 and forgotten, its digest stays', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifestDigest } = upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  upstream.removeTag('library/app', '1');
  holdfast.clock.advance(HOUR);
  const gone = await ask(holdfast, TAG);
  assert.deepEqual([gone.status, gone.code], [404, 'MANIFEST_UNKNOWN']);
  const digest = await ask(holdfast, `/v2/library/app/manifests/${manifestDigest}`);
  assert.equal(digest.cache, 'holdfast; hit');
  await upstream.stop();
  holdfast.clock.advance(HOUR);
  assert.equal((await ask(holdfast, TAG)).status, 502);
});

test('with whenDeleted serve-stale a tag that upstream has deleted is served on, with its blobs', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { tags: { whenDeleted: 'serve-stale', staleIfError: '1m' } },
  });
  const image = upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  upstream.removeTag('library/app', '1');
  holdfast.clock.advance(HOUR);
  const { status, body, cache } = await ask(holdfast, TAG);
  assert.equal(status, 200);
  assert.deepEqual(body, image.manifest);
  assert.match(cache ?? '', /^holdfast; hit; ttl=-\d+; detail=/);
});

test('whenDeleted may be set for some tags only', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { tags: { rules: [{ match: '*:keep-*', whenDeleted: 'serve-stale' }] } },
  });
  for (const tag of ['keep-1', 'drop-1']) {
    upstream.addImage('library/app', tag);
    await ask(holdfast, `/v2/app/manifests/${tag}`);
    upstream.removeTag('library/app', tag);
  }
  holdfast.clock.advance(HOUR);
  assert.equal((await ask(holdfast, '/v2/app/manifests/keep-1')).status, 200);
  assert.equal((await ask(holdfast, '/v2/app/manifests/drop-1')).status, 404);
});

test('a 404 is remembered for negativeMaxAge, whichever way it is asked for', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { tags: { negativeMaxAge: '1m' } },
  });
  holdfast.clock.stop();
  const digest = `sha256:${'d'.repeat(64)}`;
  const missing = [TAG, `/v2/library/app/manifests/${digest}`, `/v2/library/app/blobs/${digest}`];
  for (const [index, path] of missing.entries()) {
    for (const method of ['GET', 'GET', 'HEAD', 'HEAD']) {
      assert.equal((await ask(holdfast, path, { method })).status, 404, `${method} ${path}`);
    }
    assert.equal(upstream.requests.length, index + 1, path);
  }
  holdfast.clock.advance(2 * MINUTE);
  upstream.clear();
  upstream.addImage('library/app', '1');
  assert.equal((await ask(holdfast, TAG)).status, 200);
});

test('a 404 answers HEAD and GET of a tag, a blob and a list with the code of the spec', async (t) => {
  const { holdfast } = await startMirror(t);
  const digest = `sha256:${'d'.repeat(64)}`;
  assert.equal((await ask(holdfast, TAG)).code, 'MANIFEST_UNKNOWN');
  assert.equal((await ask(holdfast, `/v2/library/app/blobs/${digest}`)).code, 'BLOB_UNKNOWN');
  assert.equal((await ask(holdfast, '/v2/library/app/tags/list')).code, 'NAME_UNKNOWN');
  const head = await ask(holdfast, TAG, { method: 'HEAD' });
  assert.deepEqual([head.status, head.body.length], [404, 0]);
});

test('a tag that appears after its 404 was remembered for 10 s is found then', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  holdfast.clock.stop();
  assert.equal((await ask(holdfast, TAG)).status, 404);
  upstream.addImage('library/app', '1');
  holdfast.clock.advance(9_999);
  assert.equal((await ask(holdfast, TAG)).status, 404);
  holdfast.clock.advance(1);
  assert.equal((await ask(holdfast, TAG)).status, 200);
});

test('a 404 is not remembered for longer where the clock is set back', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  assert.equal((await ask(holdfast, TAG)).status, 404);
  upstream.addImage('library/app', '1');
  holdfast.clock.advance(-HOUR);
  assert.equal((await ask(holdfast, TAG)).status, 200);
});

test('with negativeMaxAge 0s upstream is asked every time', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { tags: { negativeMaxAge: '0s' } },
  });
  for (let asked = 1; asked <= 3; asked++) {
    assert.equal((await ask(holdfast, TAG)).status, 404);
    assert.equal(upstream.requests.length, asked);
  }
});

test('thirty clients of a missing tag share one GET and its 404', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const gate = new Gate();
  upstream.fault({ holdHeaders: gate });
  const arrivals = countArrivals(t, holdfast);
  const asking = Array.from({ length: 30 }, () => ask(holdfast, TAG));
  await arrivals.until(30);
  gate.release();
  for (const { status, code } of await Promise.all(asking)) {
    assert.deepEqual([status, code], [404, 'MANIFEST_UNKNOWN']);
  }
  assert.equal(upstream.requests.length, 1);
});
