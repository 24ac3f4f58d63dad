import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  ask,
  DAY,
  startHoldfast,
  startUpstream,
  temporaryDirectory,
  untilHeld,
} from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';

/** A directory with `library/app:1` in it, and its upstream. */
async function startPulled(t: TestContext) {
  const dir = await temporaryDirectory(t);
  const upstream = await startUpstream(t);
  const image = upstream.addImage('library/app', '1', { layers: [50_000, 60_000] });
  const subject = image.manifestDigest;
  const signature = upstream.addImage('library/app', undefined, { subject, layers: [10] });
  const upstreams = { 'docker.io': upstream.url };
  const before = await startHoldfast(t, { dir, upstreams });
  const pulled = await pullImage(before.url, 'app', '1');
  await pullImage(before.url, 'app', signature.manifestDigest);
  for (const digest of [...image.layerDigests, ...signature.layerDigests])
    await untilHeld(before, `/v2/library/app/blobs/${digest}`);
  await before.close();
  upstream.clear();
  return { dir, upstream, upstreams, image, signature, pulled };
}

test('a start touches no network, whether upstream is there or not', async (t) => {
  const { dir, upstream, upstreams } = await startPulled(t);
  const holdfast = await startHoldfast(t, { dir, upstreams });
  assert.equal((await holdfast.fetch('/v2/')).status, 200);
  assert.equal((await holdfast.fetch('/readyz')).status, 200);
  assert.deepEqual(upstream.requests, []);
});

test('after a restart with the upstream gone everything that is held is served, however it is named', async (t) => {
  const { dir, upstream, upstreams, pulled, image, signature } = await startPulled(t);
  await upstream.stop();
  const holdfast = await startHoldfast(t, { dir, upstreams });
  for (const ahead of [0, DAY]) {
    holdfast.clock.advance(ahead);
    for (const name of ['app', 'library/app', 'docker.io/app', 'index.docker.io/library/app']) {
      assert.deepEqual(await pullImage(holdfast.url, name, '1'), pulled);
      assert.deepEqual(await pullImage(holdfast.url, name, pulled.digest), pulled);
    }
  }
  const tags = await ask(holdfast, '/v2/library/app/tags/list');
  assert.deepEqual(JSON.parse(tags.body.toString()), { name: 'library/app', tags: ['1'] });
  const referrers = await ask(holdfast, `/v2/library/app/referrers/${image.manifestDigest}`);
  const { manifests } = JSON.parse(referrers.body.toString()) as {
    manifests: { digest: string }[];
  };
  assert.deepEqual(
    manifests.map(({ digest }) => digest),
    [signature.manifestDigest],
  );
  assert.equal((await holdfast.fetch('/readyz')).status, 200);
});

test('configured offline, no upstream is ever contacted and what is held never grows too old', async (t) => {
  const { dir, upstream, upstreams, pulled, image } = await startPulled(t);
  const holdfast = await startHoldfast(t, { dir, upstreams, config: { offline: true } });
  for (const ahead of [0, 1000 * DAY]) {
    holdfast.clock.advance(ahead);
    assert.deepEqual(await pullImage(holdfast.url, 'app', '1'), pulled);
    const tags = await ask(holdfast, '/v2/library/app/tags/list');
    assert.deepEqual(JSON.parse(tags.body.toString()), { name: 'library/app', tags: ['1'] });
    const referrers = await ask(holdfast, `/v2/library/app/referrers/${image.manifestDigest}`);
    assert.equal((JSON.parse(referrers.body.toString()) as { manifests: [] }).manifests.length, 1);
  }
  for (const path of [
    '/v2/docker.io/library/app/manifests/2',
    `/v2/docker.io/library/app/blobs/sha256:${'a'.repeat(64)}`,
    '/v2/docker.io/library/other/tags/list',
  ]) {
    for (const method of ['GET', 'HEAD']) {
      const { status, code } = await ask(holdfast, path, { method });
      assert.equal(status, 504, `${method} ${path}`);
      if (method === 'GET') assert.equal(code, 'UNKNOWN');
    }
  }
  assert.deepEqual(upstream.requests, []);
});
