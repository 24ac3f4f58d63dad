import assert from 'node:assert/strict';
import { Agent, request, type RequestOptions } from 'node:http';
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

test('a low reading does not stay young where the clock is set back', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  const recovered = upstream.fault(limit(9));
  await ask(holdfast, '/v2/library/app/manifests/1');
  recovered();
  holdfast.clock.advance(-HOUR);
  assert.match((await ask(holdfast, '/v2/library/app/manifests/1')).cache ?? '', /revalidated/);
});

test('with enough left, tags are revalidated as ever', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  upstream.fault(limit(10));
  await ask(holdfast, '/v2/library/app/manifests/1');
  holdfast.clock.advance(6 * MINUTE);
  assert.match((await ask(holdfast, '/v2/library/app/manifests/1')).cache ?? '', /revalidated/);
});

/** Leaner than fetch, which costs more than what it asks for here, and does not keep the connection of a HEAD. */
function statusOf(url: string, options: RequestOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (answer) => {
      answer.once('error', reject);
      answer.once('end', () => resolve(answer.statusCode)).resume();
    });
    asked.once('error', reject).end();
  });
}

test('a day of CI costs upstream one manifest GET for each digest, however many pulls', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const images = Array.from({ length: 50 }, (_, index) => `team/app-${index}`);
  for (const name of images) upstream.addImage(name, 'latest', { layers: [10] });
  const PULLS = 10_000;
  const RUNNERS = 40;
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  let pulls = 0;
  const runner = async (): Promise<void> => {
    while (pulls < PULLS) {
      const name = images[(pulls * 7) % images.length];
      pulls += 1;
      // The day goes by while the runners pull, so tags turn stale again and again.
      holdfast.clock.advance((24 * HOUR) / PULLS);
      const method = Math.floor(pulls / images.length) % 2 === 0 ? 'GET' : 'HEAD';
      const url = `${holdfast.url}/v2/${name}/manifests/latest`;
      assert.equal(await statusOf(url, { method, agent }), 200);
    }
  };
  await Promise.all(Array.from({ length: RUNNERS }, runner));
  assert.equal(upstream.count('GET', /manifests/), images.length);
});
