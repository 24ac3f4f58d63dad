/** What the server does and has done: fills, upstreams, usage by day, reasons of misses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillsAnswer, missesAnswer, upstreamsAnswer, usageAnswer } from '../../src/api/activity.ts';
import { deleteImageAnswer } from '../../src/api/image.ts';
import { eventually } from '../helpers/eventually.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import {
  ask,
  DAY,
  HOUR,
  startHoldfast,
  startMirror,
  startUpstream,
  storedFiles,
  temporaryDirectory,
} from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';
import { get, remove } from './api.ts';

test('a fill is told with how far it is and who follows it', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [500_000] });
  const gate = upstream.hold(/\/blobs\//, 100_000);
  const path = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  const clients = [await holdfast.fetch(path), await holdfast.fetch(path)];
  const bodies = clients.map((one) => one.arrayBuffer());
  await eventually('the fill has what upstream has sent', async () => {
    const { fills } = await get(holdfast, fillsAnswer, '/fills');
    return (fills[0]?.written ?? 0) > 0 && fills[0]?.followers === 2;
  });
  const { fills } = await get(holdfast, fillsAnswer, '/fills');
  assert.equal(fills.length, 1);
  assert.equal(fills[0]?.repository, 'docker.io/library/app');
  assert.equal(fills[0].digest, image.layerDigests[0]);
  assert.equal(fills[0].size, 500_000);
  assert.equal(fills[0].resumedFrom, 0);
  gate.release();
  await Promise.all(bodies);
  await eventually('it is over', async () => {
    return (await get(holdfast, fillsAnswer, '/fills')).fills.length === 0;
  });
});

test('an upstream that fails is told of, with its pull limit', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  upstream.fault({
    headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
  });
  await ask(holdfast, '/v2/app/manifests/1');
  const [well] = (await get(holdfast, upstreamsAnswer, '/upstreams')).upstreams;
  assert.equal(well?.name, 'docker.io');
  assert.equal(well.url, upstream.url);
  assert.deepEqual([well.state, well.retryAt, well.lastFailure], ['closed', null, null]);
  const { at, ...limit } = well.rateLimit ?? { at: 0 };
  assert.deepEqual(limit, { limit: 100, remaining: 76, windowSeconds: 21_600 });
  assert.ok(at > 0);
  await upstream.stop();
  for (let count = 0; count < 5; count += 1) await ask(holdfast, `/v2/app/manifests/${count}x`);
  const [ill] = (await get(holdfast, upstreamsAnswer, '/upstreams')).upstreams;
  assert.equal(ill?.state, 'open');
  assert.ok((ill.retryAt ?? 0) > 0);
  assert.ok(ill.lastFailure);
});

test('usage is counted by day and upstream, and outlives a restart', async (t) => {
  const upstream = await startUpstream(t);
  const image = upstream.addImage('library/app', '1', { layers: [10_000] });
  const dir = await temporaryDirectory(t);
  const options = { upstreams: { 'docker.io': upstream.url }, dir, config: { prefetch: 'off' } };
  const holdfast = await startHoldfast(t, options);
  const manifest = '/v2/app/manifests/1';
  const layer = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  await ask(holdfast, manifest);
  await ask(holdfast, manifest);
  await ask(holdfast, layer);
  const hosted = await pushImage(holdfast.url, 'team/app', '1', [5]);
  await ask(holdfast, `/v2/team/app/manifests/${hosted.digest}`);
  const manifestBytes = image.manifest.byteLength;
  await eventually('all answers were counted', async () => {
    const { days } = await get(holdfast, usageAnswer, '/usage', { days: 1 });
    const own = days[0]?.upstreams.find((one) => one.upstream === 'docker.io');
    return own?.requests === 3 && own.bytesFetched >= 10_000 + manifestBytes;
  });
  await holdfast.close();
  const again = await startHoldfast(t, options);
  const { days } = await get(again, usageAnswer, '/usage', { days: 3 });
  assert.equal(days.length, 3);
  assert.equal(days[2]?.day, new Date(again.clock.now()).toISOString().slice(0, 10));
  const mirrored = days[2]?.upstreams.find((one) => one.upstream === 'docker.io');
  assert.deepEqual(
    [mirrored?.hits, mirrored?.misses, mirrored?.stale, mirrored?.bytesServed],
    [1, 2, 0, 2 * manifestBytes + 10_000],
  );
  const own = days[2]?.upstreams.find((one) => one.upstream === null);
  assert.equal(own?.hits, 1);
  assert.equal(own.bytesFetched, 0);
  assert.equal(days[2]?.total.requests, (mirrored?.requests ?? 0) + own.requests);
  assert.deepEqual(days[0]?.upstreams, []);
  again.clock.advance(DAY);
  const tomorrow = await get(again, usageAnswer, '/usage', { days: 2 });
  assert.deepEqual(
    tomorrow.days.map(({ total }) => total.requests),
    [days[2].total.requests, 0],
  );
});

async function lastMiss(holdfast: Holdfast, reference: string) {
  await eventually(`the miss of ${reference} is explained`, async () => {
    const { misses } = await get(holdfast, missesAnswer, '/misses');
    return misses[0]?.reference === reference;
  });
  const { misses } = await get(holdfast, missesAnswer, '/misses', { n: 1 });
  return misses[0];
}

test('a miss is told with its reason', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const { clock } = holdfast;
  clock.stop();
  const first = upstream.addImage('library/app', '1', { layers: [10_000] });
  await ask(holdfast, '/v2/app/manifests/1');
  assert.equal((await lastMiss(holdfast, '1'))?.reason, 'first-pull');

  const second = upstream.addImage('library/app', '1', { layers: [5] });
  clock.advance(HOUR);
  await ask(holdfast, '/v2/app/manifests/1');
  assert.equal((await lastMiss(holdfast, '1'))?.reason, 'tag-moved');

  await remove(holdfast, deleteImageAnswer, '/image', { image: 'app:1' });
  const deletedAt = clock.now();
  clock.advance(1_000);
  await ask(holdfast, '/v2/app/manifests/1');
  const deleted = await lastMiss(holdfast, '1');
  assert.deepEqual([deleted?.reason, deleted?.since], ['deleted', deletedAt]);
  assert.ok(second.manifestDigest !== first.manifestDigest);

  await ask(holdfast, '/v2/app/manifests/none');
  const missing = await lastMiss(holdfast, 'none');
  assert.equal(missing?.reason, 'not-found-upstream');
  assert.equal(missing.repository, 'docker.io/library/app');

  await upstream.stop();
  await ask(holdfast, '/v2/app/manifests/other');
  const failed = await lastMiss(holdfast, 'other');
  assert.equal(failed?.reason, 'upstream-failed');
  assert.notEqual(failed.detail ?? '', '');
});

test('what was evicted is told so, manifest and blob', async (t) => {
  const dir = await temporaryDirectory(t);
  const storage = { dir, maxSize: '15KB', minFree: '0B' };
  const { upstream, holdfast } = await startMirror(t, {
    config: { prefetch: 'off', storage },
    dir,
  });
  const image = upstream.addImage('library/app', '1', { layers: [10_000] });
  upstream.addImage('library/other', '1', { layers: [11_000] });
  await pullImage(holdfast.url, 'app', '1');
  // What is still being read when room is made stays for a while.
  await storedFiles(holdfast);
  await pullImage(holdfast.url, 'other', '1');
  const [layer = ''] = image.layerDigests;
  // A manifest that comes back before its layer has gone keeps it; and a layer that was still being read when its manifest went
  // is left for ten minutes.
  await eventually('the layer is evicted', async () => {
    holdfast.clock.advance(HOUR);
    await holdfast.upkeep.collectGarbage();
    return !(await storedFiles(holdfast)).some((path) => path.endsWith(layer.slice(7)));
  });
  await ask(holdfast, '/v2/app/manifests/1');
  const manifest = await lastMiss(holdfast, '1');
  assert.equal(manifest?.reason, 'evicted');
  assert.ok((manifest.since ?? 0) > 0);
  await ask(holdfast, `/v2/library/app/blobs/${layer}`);
  const blob = await lastMiss(holdfast, layer);
  assert.deepEqual([blob?.kind, blob?.reason], ['blob', 'evicted']);
  const { misses } = await get(holdfast, missesAnswer, '/misses', {
    repository: 'other',
  });
  assert.ok(misses.length > 0 && misses.every(({ repository }) => repository.endsWith('/other')));
});

test('what an earlier pull could not keep is told so', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [100_000] });
  const [layer = ''] = image.layerDigests;
  const path = `/v2/library/app/blobs/${layer}`;
  await ask(holdfast, '/v2/app/manifests/1');
  const corrupt = upstream.fault({ path: /\/blobs\//, corrupt: true });
  await assert.rejects(ask(holdfast, path));
  const first = await lastMiss(holdfast, layer);
  assert.equal(first?.reason, 'first-pull');
  corrupt();
  await ask(holdfast, path);
  await eventually('the second miss is explained', async () => {
    return (await get(holdfast, missesAnswer, '/misses')).misses[0]?.reason === 'not-kept';
  });
  const { misses } = await get(holdfast, missesAnswer, '/misses', { n: 1 });
  assert.equal(misses[0]?.since, first.at);
});
