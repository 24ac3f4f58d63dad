import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import { Gate } from '../helpers/gate.ts';
import { ask, HOUR, startMirror } from '../helpers/mirror.ts';

const TAG = '/v2/library/app/manifests/1';
const STALE = /^holdfast; hit; ttl=-\d+; detail=stale-while-revalidate$/;

async function startStale(t: TestContext) {
  const mirror = await startMirror(t, {
    upstream: { tags: { maxAge: '1m', staleWhileRevalidate: '2h' } },
  });
  const image = mirror.upstream.addImage('library/app', '1');
  await ask(mirror.holdfast, TAG);
  mirror.holdfast.clock.advance(HOUR);
  mirror.upstream.clear();
  return { ...mirror, image };
}

test('within staleWhileRevalidate the held tag is served before upstream has answered, and checked behind it', async (t) => {
  const { upstream, holdfast, image } = await startStale(t);
  const moved = upstream.addImage('library/app', '1', { layers: [55] });
  const gate = new Gate();
  upstream.fault({ method: 'HEAD', holdHeaders: gate });
  for (let pulls = 0; pulls < 5; pulls++) {
    const { body, cache } = await ask(holdfast, TAG);
    assert.deepEqual(body, image.manifest);
    assert.match(cache ?? '', STALE);
  }
  await gate.reached;
  gate.release();
  await eventually('the new manifest is served', async () => {
    return (await ask(holdfast, TAG)).body.equals(moved.manifest);
  });
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 1]);
});

test('behind staleWhileRevalidate a pull waits for upstream again', async (t) => {
  const { upstream, holdfast } = await startStale(t);
  const moved = upstream.addImage('library/app', '1', { layers: [55] });
  holdfast.clock.advance(2 * HOUR);
  const { body, cache } = await ask(holdfast, TAG);
  assert.equal(cache, 'holdfast; fwd=stale; detail=updated');
  assert.deepEqual(body, moved.manifest);
});

test('a check in the background that fails disturbs nobody', async (t) => {
  const { upstream, holdfast, image } = await startStale(t);
  upstream.fault({ status: 500 });
  for (let pulls = 0; pulls < 5; pulls++) {
    const { status, body } = await ask(holdfast, TAG);
    assert.equal(status, 200);
    assert.deepEqual(body, image.manifest);
  }
});
