import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, HOUR, MINUTE, startMirror } from '../helpers/mirror.ts';

const limit = (remaining: number) => ({
  headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': `${remaining};w=21600` },
});

test('when little of the pull limit is left, stale tags are served without asking', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest } = upstream.addImage('library/app', '1');
  upstream.addImage('library/other', '1');
  upstream.fault(limit(9));
  await ask(holdfast, '/v2/library/app/manifests/1');
  holdfast.clock.advance(6 * MINUTE);
  // A real miss is what the rest is saved for; its answer tells that it is still low.
  await ask(holdfast, '/v2/library/other/manifests/1');
  upstream.clear();

  const saved = await ask(holdfast, '/v2/library/app/manifests/1');
  assert.deepEqual(saved.body, manifest);
  assert.match(saved.cache ?? '', /^holdfast; hit; ttl=-\d+; detail=stale-to-save-limit$/);
  assert.equal(upstream.requests.length, 0);
});

test('a low reading grows old: then one HEAD finds out whether the limit has recovered', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  const recovered = upstream.fault(limit(9));
  await ask(holdfast, '/v2/library/app/manifests/1');
  recovered();
  upstream.fault(limit(100));
  holdfast.clock.advance(11 * MINUTE);
  upstream.clear();
  const asked = await ask(holdfast, '/v2/library/app/manifests/1');
  assert.match(asked.cache ?? '', /detail=revalidated/);
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 0]);
});

test('with enough left, tags are revalidated as ever', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  upstream.fault(limit(10));
  await ask(holdfast, '/v2/library/app/manifests/1');
  holdfast.clock.advance(6 * MINUTE);
  assert.match((await ask(holdfast, '/v2/library/app/manifests/1')).cache ?? '', /revalidated/);
});

test('a day of CI costs upstream one manifest GET for each digest, however many pulls', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const images = Array.from({ length: 50 }, (_, index) => `team/app-${index}`);
  for (const name of images) upstream.addImage(name, 'latest', { layers: [10] });
  const PULLS = 10_000;
  const RUNNERS = 40;
  let pulls = 0;
  const runner = async (): Promise<void> => {
    while (pulls < PULLS) {
      const name = images[(pulls * 7) % images.length];
      pulls += 1;
      // The day goes by while the runners pull, so tags turn stale again and again.
      holdfast.clock.advance((24 * HOUR) / PULLS);
      const answer = await holdfast.fetch(`/v2/${name}/manifests/latest`, {
        method: Math.floor(pulls / images.length) % 2 === 0 ? 'GET' : 'HEAD',
      });
      assert.equal(answer.status, 200);
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: RUNNERS }, runner));
  assert.equal(upstream.count('GET', /manifests/), images.length);
});
