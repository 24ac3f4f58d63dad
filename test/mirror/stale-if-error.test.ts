import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import type { FakeUpstream } from '../helpers/fake-upstream.ts';
import type { Fault } from '../helpers/fake-upstream-fault.ts';
import {
  ask,
  DAY,
  HOUR,
  MINUTE,
  startHoldfast,
  startMirror,
  startUpstream,
  temporaryDirectory,
} from '../helpers/mirror.ts';

const TAG = '/v2/library/app/manifests/1';
const STALE = /^holdfast; hit; ttl=-\d+; detail=stale-if-error$/;
/** For an upstream that never answers; long enough for the pull before. */
const IMPATIENT = { timeouts: { connect: '1s', headers: '1s', idle: '1s' } };

/** `library/app:1`, held since some hours. */
async function startStale(t: TestContext, upstream: object = {}) {
  const mirror = await startMirror(t, { upstream });
  const image = mirror.upstream.addImage('library/app', '1');
  await ask(mirror.holdfast, TAG);
  mirror.holdfast.clock.advance(HOUR);
  mirror.upstream.clear();
  return { ...mirror, image };
}

const FAILURES: Readonly<Record<string, Fault | 'refused'>> = {
  'refuses connections': 'refused',
  'resets connections': { reset: true },
  'never answers': { hang: true },
  'answers 500': { status: 500 },
  'answers 503': { status: 503 },
  'answers 429': { status: 429 },
  'answers 401': { status: 401 },
  'answers 403': { status: 403 },
  'answers 400': { status: 400 },
  'redirects to nowhere': { status: 302 },
};

function patience(failure: Fault | 'refused'): object {
  return failure !== 'refused' && failure.hang === true ? IMPATIENT : {};
}

async function fail(upstream: FakeUpstream, failure: Fault | 'refused'): Promise<void> {
  if (failure === 'refused') await upstream.stop();
  else upstream.fault(failure);
}

for (const [what, failure] of Object.entries(FAILURES)) {
  test(`a stale tag is served while upstream ${what}, and is fresh again afterwards`, async (t) => {
    const { upstream, holdfast, image } = await startStale(t, patience(failure));
    await fail(upstream, failure);
    for (const method of ['GET', 'HEAD', 'GET']) {
      const reply = await ask(holdfast, TAG, { method });
      assert.equal(reply.status, 200);
      assert.match(reply.cache ?? '', STALE);
      assert.equal(reply.headers.get('docker-content-digest'), image.manifestDigest);
      if (method === 'GET') assert.deepEqual(reply.body, image.manifest);
    }
    upstream.clearFaults();
    await upstream.restart();
    // Longer than any breaker stays open.
    holdfast.clock.advance(MINUTE);
    await eventually('the tag is fresh', async () => {
      return (await ask(holdfast, TAG)).cache === 'holdfast; hit';
    });
  });
}

test('the ttl of a stale answer tells for how many seconds it has been stale', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  holdfast.clock.stop();
  await ask(holdfast, TAG);
  await upstream.stop();
  holdfast.clock.advance(5 * MINUTE + 412_000);
  const { cache } = await ask(holdfast, TAG);
  assert.equal(cache, 'holdfast; hit; ttl=-412; detail=stale-if-error');
});

test('a tag that has moved is served as it was where its new manifest cannot be had', async (t) => {
  const { upstream, holdfast, image } = await startStale(t);
  const moved = upstream.addImage('library/app', '1', { layers: [99] });
  upstream.fault({ method: 'GET', status: 500 });
  const reply = await ask(holdfast, TAG);
  assert.match(reply.cache ?? '', STALE);
  assert.deepEqual(reply.body, image.manifest);
  upstream.clearFaults();
  assert.deepEqual((await ask(holdfast, TAG)).body, moved.manifest);
});

const EXPIRED: readonly (readonly [string, Fault | 'refused', number, string])[] = [
  ['refuses connections', 'refused', 502, 'UNKNOWN'],
  ['never answers', { hang: true }, 504, 'UNKNOWN'],
  ['answers 500', { status: 500 }, 502, 'UNKNOWN'],
  ['answers 429', { status: 429 }, 429, 'TOOMANYREQUESTS'],
  ['answers 403', { status: 403 }, 404, 'MANIFEST_UNKNOWN'],
];

for (const [what, failure, status, code] of EXPIRED) {
  test(`a tag older than staleIfError is not served while upstream ${what}, its digest is`, async (t) => {
    const { upstream, holdfast, image } = await startStale(t, {
      ...patience(failure),
      tags: { staleIfError: '2d' },
    });
    await fail(upstream, failure);
    holdfast.clock.advance(DAY);
    assert.equal((await ask(holdfast, TAG)).status, 200);
    holdfast.clock.advance(2 * DAY);
    const reply = await ask(holdfast, TAG);
    assert.deepEqual([reply.status, reply.code], [status, code]);
    const digest = await ask(holdfast, `/v2/library/app/manifests/${image.manifestDigest}`);
    assert.equal(digest.cache, 'holdfast; hit');
  });
}

test('one timeout is waited for, not one per pull', async (t) => {
  const { upstream, holdfast } = await startStale(t, IMPATIENT);
  holdfast.clock.stop();
  upstream.fault({ hang: true });
  for (let pulls = 0; pulls < 10; pulls++) {
    assert.match((await ask(holdfast, TAG)).cache ?? '', STALE);
  }
  assert.equal(upstream.requests.length, 1);
});

test('clients that wait for the same HEAD are all served when it fails', async (t) => {
  const { upstream, holdfast, image } = await startStale(t, IMPATIENT);
  holdfast.clock.stop();
  upstream.fault({ hang: true });
  const replies = await Promise.all(Array.from({ length: 30 }, () => ask(holdfast, TAG)));
  for (const { status, body, cache } of replies) {
    assert.equal(status, 200);
    assert.deepEqual(body, image.manifest);
    assert.match(cache ?? '', STALE);
  }
  assert.equal(upstream.requests.length, 1);
});

test('a stale tag is served although TLS with upstream fails, and what is not held is a 502', async (t) => {
  const dir = await temporaryDirectory(t);
  const upstream = await startUpstream(t);
  const { manifest } = upstream.addImage('library/app', '1');
  const before = await startHoldfast(t, { dir, upstreams: { 'docker.io': upstream.url } });
  await ask(before, TAG);
  await before.close();
  // The fake speaks no TLS: the handshake fails.
  const url = upstream.url.replace('http:', 'https:');
  const holdfast = await startHoldfast(t, { dir, upstreams: { 'docker.io': url } });
  holdfast.clock.advance(HOUR);
  const stale = await ask(holdfast, TAG);
  assert.match(stale.cache ?? '', STALE);
  assert.deepEqual(stale.body, manifest);
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/2')).status, 502);
});
