import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ask, startMirror } from '../helpers/mirror.ts';

const TAG = '/v2/library/app/manifests/1';

async function start(t: TestContext) {
  const mirror = await startMirror(t, { config: { prefetch: 'off' } });
  const image = mirror.upstream.addImage('library/app', '1');
  mirror.holdfast.clock.stop();
  return { ...mirror, image };
}

test("upstream's 429 is passed on with its Retry-After, and honoured for every client", async (t) => {
  const { upstream, holdfast, image } = await start(t);
  upstream.fault({ status: 429, headers: { 'retry-after': '7' } });
  const first = await ask(holdfast, TAG);
  assert.deepEqual([first.status, first.code], [429, 'TOOMANYREQUESTS']);
  assert.equal(first.headers.get('retry-after'), '7');
  assert.equal(upstream.requests.length, 1);

  upstream.clearFaults();
  holdfast.clock.advance(3000);
  for (const path of [
    TAG,
    '/v2/team/app/manifests/1',
    `/v2/library/app/blobs/${image.configDigest}`,
  ]) {
    const other = await ask(holdfast, path);
    assert.deepEqual([other.status, other.code], [429, 'TOOMANYREQUESTS']);
    assert.equal(other.headers.get('retry-after'), '4');
  }
  assert.equal(upstream.requests.length, 1);

  holdfast.clock.advance(4000);
  assert.equal((await ask(holdfast, TAG)).status, 200);
});

test('a 429 for a blob is told as one', async (t) => {
  const { upstream, holdfast, image } = await start(t);
  upstream.fault({ status: 429, headers: { 'retry-after': '30' } });
  const reply = await ask(holdfast, `/v2/library/app/blobs/${image.configDigest}`);
  assert.deepEqual([reply.status, reply.code], [429, 'TOOMANYREQUESTS']);
  assert.equal(reply.headers.get('retry-after'), '30');
});

test('a Retry-After that is a date is told in seconds', async (t) => {
  const { upstream, holdfast } = await start(t);
  const date = new Date(holdfast.clock.now() + 60_000).toUTCString();
  upstream.fault({ status: 429, headers: { 'retry-after': date } });
  const seconds = Number((await ask(holdfast, TAG)).headers.get('retry-after'));
  assert.ok(seconds >= 59 && seconds <= 60, String(seconds));
});

for (const [what, header] of [
  ['without a Retry-After', undefined],
  ['with a Retry-After that says nothing', 'soon'],
] as const) {
  test(`a 429 ${what} is a 429 with one, of at least a second`, async (t) => {
    const { upstream, holdfast } = await start(t);
    upstream.fault({ status: 429, headers: { 'retry-after': header } });
    const reply = await ask(holdfast, TAG);
    assert.equal(reply.status, 429);
    assert.ok(Number(reply.headers.get('retry-after')) >= 1);
    upstream.clearFaults();
    holdfast.clock.advance(60_000);
    assert.equal((await ask(holdfast, TAG)).status, 200);
  });
}

test('what is held is served while upstream limits us', async (t) => {
  const { upstream, holdfast, image } = await start(t);
  await ask(holdfast, TAG);
  upstream.fault({ status: 429, headers: { 'retry-after': '3600' } });
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/2')).status, 429);
  assert.equal((await ask(holdfast, TAG)).cache, 'holdfast; hit');
  holdfast.clock.advance(10 * 60_000);
  upstream.clear();
  const stale = await ask(holdfast, TAG);
  assert.deepEqual(stale.body, image.manifest);
  assert.match(stale.cache ?? '', /detail=stale-if-error$/);
  assert.deepEqual(upstream.requests, []);
});
