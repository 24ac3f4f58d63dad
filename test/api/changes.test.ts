/** What the API changes: pins, tags, images, and the rule that keeps pages of other sites out. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { deleteImageAnswer, imageAnswer, refreshAnswer } from '../../src/api/image.ts';
import { pinsAnswer } from '../../src/api/pins.ts';
import { repositoriesAnswer } from '../../src/api/repositories.ts';
import { tagsAnswer } from '../../src/api/tags.ts';
import { type EvictionsAnswer, evictionsAnswer } from '../../src/api/upkeep.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import {
  ask,
  startHoldfast,
  startMirror,
  startUpstream,
  storedFiles,
  temporaryDirectory,
} from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';
import { get, post, remove, send } from './api.ts';

const nextOf = async (holdfast: Holdfast): Promise<EvictionsAnswer['next']> => {
  await storedFiles(holdfast);
  await holdfast.upkeep.collectGarbage();
  return (await get(holdfast, evictionsAnswer, '/evictions')).next;
};

const evictable = async (holdfast: Holdfast): Promise<readonly string[]> =>
  (await nextOf(holdfast)).flatMap(({ tags }) => tags).toSorted();

test('pins are kept with their names in full, and told with what they keep', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  for (const tag of ['3.1', '3.2', '4.0']) {
    upstream.addImage('library/app', tag);
    await pullImage(holdfast.url, 'app', tag);
  }
  const { digest } = await pullImage(holdfast.url, 'app', '4.0');
  await post(holdfast, pinsAnswer, '/pins', { pattern: 'app:4.0' });
  await post(holdfast, pinsAnswer, '/pins', { pattern: 'docker.io/library/*:3.*' });
  await post(holdfast, pinsAnswer, '/pins', { pattern: `app@${digest}` });
  const { pins } = await post(holdfast, pinsAnswer, '/pins', { pattern: 'other' });
  assert.deepEqual(
    pins.map(({ pattern, images, more }) => [pattern, images, more]),
    [
      ['docker.io/library/*:3.*', 2, false],
      ['docker.io/library/app:4.0', 1, false],
      [`docker.io/library/app@${digest}`, 1, false],
      ['docker.io/library/other:latest', 0, false],
    ],
  );
  assert.deepEqual(await get(holdfast, pinsAnswer, '/pins'), { pins });
  const { repositories } = await get(holdfast, repositoriesAnswer, '/repositories');
  assert.equal(repositories[0]?.pinned, true);
  const { tags } = await get(holdfast, tagsAnswer, '/tags', { repository: 'app' });
  assert.deepEqual(
    tags.map(({ pinned }) => pinned),
    [true, true, true],
  );
  const image = await get(holdfast, imageAnswer, '/image', { image: 'app:4.0' });
  assert.deepEqual(image.pinnedBy, [
    { pattern: 'docker.io/library/app:4.0', configured: false },
    { pattern: `docker.io/library/app@${digest}`, configured: false },
  ]);
  const left = await remove(holdfast, pinsAnswer, '/pins', { pattern: 'docker.io/library/*:3.*' });
  assert.equal(left.pins.length, 3);
  await remove(holdfast, pinsAnswer, '/pins', { pattern: 'app:4.0' });
  const gone = await send(holdfast, 'DELETE', '/pins', { query: { pattern: 'app:4.0' } });
  assert.deepEqual([gone.status, gone.code], [404, 'NAME_UNKNOWN']);
});

test('what is pinned outlives eviction and a restart, and goes in its turn when it is unpinned', async (t) => {
  const dir = await temporaryDirectory(t);
  const config = { storage: { dir, maxSize: '30KB', minFree: '0B' }, prefetch: 'off' };
  const { upstream, holdfast } = await startMirror(t, { config, dir });
  for (const tag of ['pinned', 'other']) {
    upstream.addImage('library/app', tag, { layers: [10_000] });
  }
  await pullImage(holdfast.url, 'app', 'pinned');
  await post(holdfast, pinsAnswer, '/pins', { pattern: 'app:pinned' });
  await pullImage(holdfast.url, 'app', 'other');
  assert.deepEqual(
    (await nextOf(holdfast)).map(({ tags }) => tags),
    [['other']],
  );
  for (const tag of ['third', 'fourth']) {
    upstream.addImage('library/app', tag, { layers: [12_000] });
    await pullImage(holdfast.url, 'app', tag);
  }
  await holdfast.close();
  const again = await startHoldfast(t, { upstreams: { 'docker.io': upstream.url }, config, dir });
  await again.upkeep.collectGarbage();
  await upstream.stop();
  await pullImage(again.url, 'app', 'pinned');
  assert.notEqual((await ask(again, '/v2/app/manifests/other')).status, 200);
  await remove(again, pinsAnswer, '/pins', { pattern: 'app:pinned' });
  const next = await get(again, evictionsAnswer, '/evictions');
  assert.ok(next.next.some(({ tags }) => tags.includes('pinned')));
  assert.equal(
    next.wouldFree,
    next.next.reduce((sum, { bytes }) => sum + bytes, 0),
  );
});

test('pins of the configuration stand as long as it does, and only there they are taken away', async (t) => {
  const dir = await temporaryDirectory(t);
  const { upstream, holdfast } = await startMirror(t, {
    config: { pins: ['app:1', 'docker.io/library/*:2*', 'app'], prefetch: 'off' },
    dir,
  });
  for (const tag of ['1', '2.1', '3']) {
    upstream.addImage('library/app', tag, { layers: [1_000] });
    await pullImage(holdfast.url, 'app', tag);
  }
  await post(holdfast, pinsAnswer, '/pins', { pattern: 'app:1' });
  const { pins } = await post(holdfast, pinsAnswer, '/pins', { pattern: 'app:4' });
  assert.deepEqual(
    pins.map(({ pattern, images, configured }) => [pattern, images, configured]),
    [
      ['docker.io/library/*:2*', 1, true],
      ['docker.io/library/app:1', 1, true],
      ['docker.io/library/app:4', 0, false],
      ['docker.io/library/app:latest', 0, true],
    ],
  );
  assert.deepEqual(await evictable(holdfast), ['3']);
  for (const pattern of ['app:1', 'docker.io/library/app:1', 'docker.io/library/*:2*']) {
    const refused = await send(holdfast, 'DELETE', '/pins', { query: { pattern } });
    assert.deepEqual([refused.status, refused.code], [403, 'DENIED'], pattern);
    assert.match(refused.body.toString(), /pinned by the configuration: take it out of/);
  }
  await holdfast.close();
  const again = await startHoldfast(t, {
    upstreams: { 'docker.io': upstream.url },
    config: { pins: ['docker.io/library/app:3'] },
    dir,
  });
  const left = (await get(again, pinsAnswer, '/pins')).pins;
  assert.deepEqual(
    left.map(({ pattern, configured }) => [pattern, configured]),
    [
      ['docker.io/library/app:3', true],
      ['docker.io/library/app:4', false],
    ],
  );
  assert.deepEqual(await evictable(again), ['1', '2.1']);
});

test('pins of an upstream that is configured no more are told to whoever may change them, the others to all', async (t) => {
  const dir = await temporaryDirectory(t);
  const upstream = await startUpstream(t);
  const both = { 'docker.io': upstream.url, 'registry.example:5000': upstream.url };
  const first = await startHoldfast(t, { dir, upstreams: both });
  for (const pattern of ['app:1', 'registry.example:5000/team/app:1']) {
    await post(first, pinsAnswer, '/pins', { pattern });
  }
  await first.close();
  const upstreams = { 'docker.io': upstream.url };
  const listen = { host: '0.0.0.0', port: 0 };
  for (const [config, shown] of [
    [{}, ['docker.io/library/app:1', 'registry.example:5000/team/app:1']],
    [{ listen }, ['docker.io/library/app:1']],
  ] as const) {
    const holdfast = await startHoldfast(t, { dir, upstreams, config });
    const { pins } = await get(holdfast, pinsAnswer, '/pins');
    assert.deepEqual(
      pins.map(({ pattern }) => pattern),
      shown,
    );
    await holdfast.close();
  }
});

test('a pin that is no image and no glob is refused', async (t) => {
  const holdfast = await startHoldfast(t, {});
  for (const pattern of ['UPPER', 'app:', 'app@sha256:5', '', '[', 'app:{1,2', 'app:[9-0]']) {
    const answer = await send(holdfast, 'POST', '/pins', { body: { pattern } });
    assert.deepEqual([answer.status, answer.code], [400, 'UNSUPPORTED'], pattern);
  }
});

test('a refresh asks upstream now, however fresh the tag is', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const first = upstream.addImage('library/app', '1').manifestDigest;
  const image = 'docker.io/library/app:1';
  assert.deepEqual(await post(holdfast, refreshAnswer, '/refresh', { image: 'app:1' }), {
    image,
    before: null,
    after: first,
    changed: true,
    heldBack: false,
  });
  const same = await post(holdfast, refreshAnswer, '/refresh', { image: 'app:1' });
  assert.deepEqual(same, {
    image,
    before: first,
    after: first,
    changed: false,
    heldBack: false,
  });
  const second = upstream.addImage('library/app', '1', { layers: [5] }).manifestDigest;
  const moved = await post(holdfast, refreshAnswer, '/refresh', { image });
  assert.deepEqual(moved, {
    image,
    before: first,
    after: second,
    changed: true,
    heldBack: false,
  });
  const pulled = await ask(holdfast, '/v2/app/manifests/1', { method: 'HEAD' });
  assert.equal(pulled.headers.get('docker-content-digest'), second);
  assert.equal(pulled.cache, 'holdfast; hit');
});

test('a refresh of what upstream or nobody has says so', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  await pushImage(holdfast.url, 'team/app', '1', [5]);
  upstream.addImage('library/app', '1');
  for (const [image, status, code] of [
    ['app:none', 404, 'MANIFEST_UNKNOWN'],
    ['team/app:1', 400, 'UNSUPPORTED'],
  ] as const) {
    const answer = await send(holdfast, 'POST', '/refresh', { body: { image } });
    assert.deepEqual([answer.status, answer.code], [status, code]);
  }
  await upstream.stop();
  const failed = await send(holdfast, 'POST', '/refresh', { body: { image: 'app:1' } });
  assert.equal(failed.status, 502);
});

test('a tag is deleted alone, a digest with its tags, and a mirrored copy comes back when asked for', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  await pullImage(holdfast.url, 'app', '1');
  const { digest } = await pushImage(holdfast.url, 'team/app', 'a', [5]);
  const content = await ask(holdfast, '/v2/team/app/manifests/a');
  for (const tag of ['b', 'c']) {
    await holdfast.fetch(`/v2/team/app/manifests/${tag}`, {
      method: 'PUT',
      headers: { 'content-type': content.headers.get('content-type') ?? '' },
      body: content.body,
    });
  }
  assert.deepEqual(await remove(holdfast, deleteImageAnswer, '/image', { image: 'team/app:a' }), {
    deleted: ['team/app:a'],
    freedLater: true,
  });
  const all = await remove(holdfast, deleteImageAnswer, '/image', { image: `team/app@${digest}` });
  assert.deepEqual(all.deleted, [`team/app@${digest}`, 'team/app:b', 'team/app:c']);
  assert.equal((await ask(holdfast, '/v2/team/app/manifests/b')).status, 404);
  await remove(holdfast, deleteImageAnswer, '/image', { image: 'app:1' });
  const gone = await send(holdfast, 'DELETE', '/image', { query: { image: 'app:1' } });
  assert.deepEqual([gone.status, gone.code], [404, 'MANIFEST_UNKNOWN']);
  await pullImage(holdfast.url, 'app', '1');
});

test('pages of other sites change nothing', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const url = '/api/v1/pins';
  const body = JSON.stringify({ pattern: 'app:1' });
  const json = { 'content-type': 'application/json' };
  const { host } = new URL(holdfast.url);
  for (const [init, status] of [
    [{ method: 'POST', body }, 415],
    [{ method: 'POST', body, headers: { 'content-type': 'text/plain' } }, 415],
    [{ method: 'POST', body, headers: { ...json, origin: 'https://other.example' } }, 403],
    [{ method: 'POST', body, headers: { ...json, origin: 'null' } }, 403],
    [{ method: 'POST', body, headers: { ...json, origin: `http://${host}` } }, 200],
    [{ method: 'DELETE' }, 403],
    [{ method: 'DELETE', headers: { 'x-holdfast': '1', origin: 'https://other.example' } }, 403],
    [{ method: 'DELETE', headers: { 'x-holdfast': '1', origin: `http://${host}` } }, 200],
  ] as const) {
    const query = init.method === 'DELETE' ? '?pattern=app:1' : '';
    const answer = await holdfast.fetch(url + query, init);
    assert.equal(answer.status, status, JSON.stringify(init));
    await answer.arrayBuffer();
  }
});

test('a page whose name was made to lead here changes nothing', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const { port } = new URL(holdfast.url);
  const postTo = (path: string, host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { host, origin: `http://${host}`, 'content-type': 'application/json' };
      const sent = request(holdfast.url + path, { method: 'POST', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.once('error', reject);
      sent.end(path === '/api/v1/gc' ? '{}' : undefined);
    });
  for (const path of ['/api/v1/gc', '/v2/app/blobs/uploads/']) {
    assert.equal(await postTo(path, `rebound.example:${port}`), 403, path);
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      assert.ok(((await postTo(path, `${host}:${port}`)) ?? 500) < 300, `${path} at ${host}`);
    }
  }
});

test('a page whose name was made to lead here is told nothing', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  const { port } = new URL(holdfast.url);
  // What a browser sends for its own server's page, which need not tell an Origin.
  const browser = { 'accept-language': '', accept: '*/*', 'user-agent': 'Mozilla/5.0' };
  const getFrom = (path: string, host: string, headers: object): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = request(holdfast.url + path, { headers: { host, ...headers } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.once('error', reject);
      sent.end();
    });
  for (const path of ['/v2/library/app/manifests/1', '/api/v1/repositories', '/v2/_catalog']) {
    // Others may call it what they like, and what they were given is not given to pages either.
    for (let time = 0; time < 3; time += 1) {
      assert.equal(await getFrom(path, `mirror.example:${port}`, {}), 200, path);
      assert.equal(await getFrom(path, `rebound.example:${port}`, browser), 403, path);
    }
    for (const host of ['localhost', 'my.localhost', '127.0.0.1', '[::1]']) {
      assert.equal(await getFrom(path, `${host}:${port}`, browser), 200, `${path} at ${host}`);
    }
  }
});

test('only an administrator changes anything; others may look', async (t) => {
  const holdfast = await startHoldfast(t, {
    config: { listen: { host: '0.0.0.0', port: 0 }, auth: { anonymous: 'push' } },
  });
  assert.equal((await send(holdfast, 'GET', '/repositories')).status, 200);
  for (const [method, path, body] of [
    ['POST', '/pins', { pattern: 'app:1' }],
    ['POST', '/refresh', { image: 'app:1' }],
    ['POST', '/gc', {}],
    ['POST', '/verify', {}],
    ['DELETE', '/pins', undefined],
    ['DELETE', '/image', undefined],
  ] as const) {
    const answer = await send(holdfast, method, path, { ...(body && { body }) });
    assert.deepEqual([answer.status, answer.code], [403, 'DENIED'], path);
  }
});
