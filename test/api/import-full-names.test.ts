/** Archives that come as content of mirrored registries: `POST /api/v1/import?names=full`. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { errorsAnswer } from '../../src/api/common.ts';
import { IMPORT_TYPE, importDone } from '../../src/api/import.ts';
import { evictionsAnswer } from '../../src/api/upkeep.ts';
import { dockerSave, makeImage, manifestOf, sha256 } from '../archive/make-image.ts';
import { makeTar } from '../archive/make-tar.ts';
import { as, startWithAccounts } from '../auth/signing-in.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { ask, DAY, startHoldfast, startMirror, startUpstream } from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import type { Server } from '../spec/pushing.ts';

const image = makeImage('app', { bytes: 3_000_000 });
const DIGEST = `sha256:${sha256(manifestOf(image))}`;
const saved = (...names: string[]): Buffer => makeTar(dockerSave(image, names));

async function post(server: Server, body: Buffer, query = '?names=full') {
  const headers = { 'content-type': IMPORT_TYPE };
  return server.fetch(`/api/v1/import${query}`, { method: 'POST', body, headers });
}

async function lastLine(response: Response): Promise<unknown> {
  return JSON.parse((await response.text()).trimEnd().split('\n').at(-1) ?? '') as unknown;
}

async function imported(server: Server, body: Buffer): Promise<readonly string[]> {
  const { images } = importDone.parse(await lastLine(await post(server, body)));
  return images.flatMap(({ pushed }) => pushed);
}

/** Where no registry can be reached; both are mirrored all the same. */
async function startOffline(t: TestContext): Promise<Holdfast> {
  const nowhere = 'http://127.0.0.1:9';
  const upstreams = { 'docker.io': nowhere, 'ghcr.io': nowhere, 'reg.corp:5000': nowhere };
  return startHoldfast(t, { upstreams, config: { offline: true } });
}

test('images are pulled by every name that they had where they came from', async (t) => {
  const holdfast = await startOffline(t);
  const names = ['alpine:3', 'docker.io/team/app:1', 'ghcr.io/org/app:1', 'reg.corp:5000/app:1'];
  assert.deepEqual(await imported(holdfast, saved(...names)), [
    'docker.io/library/alpine:3',
    'docker.io/team/app:1',
    'ghcr.io/org/app:1',
    'reg.corp:5000/app:1',
  ]);
  for (const path of [
    'library/alpine/manifests/3',
    'alpine/manifests/3',
    'docker.io/library/alpine/manifests/3',
    'library/alpine/manifests/3?ns=docker.io',
    'org/app/manifests/1?ns=ghcr.io',
    'ghcr.io/org/app/manifests/1',
    `ghcr.io/org/app/manifests/${DIGEST}`,
    'app/manifests/1?ns=reg.corp:5000',
  ]) {
    const { status, headers } = await ask(holdfast, `/v2/${path}`);
    assert.deepEqual([status, headers.get('docker-content-digest')], [200, DIGEST], path);
  }
  await pullImage(holdfast.url, 'ghcr.io/org/app', '1');
  const repositories = await ask(holdfast, '/api/v1/repositories');
  assert.doesNotMatch(repositories.body.toString(), /hosted/);
});

test('what was imported does not grow too old offline', async (t) => {
  const holdfast = await startOffline(t);
  await imported(holdfast, saved('ghcr.io/org/app:1'));
  holdfast.clock.advance(365 * DAY);
  assert.equal((await ask(holdfast, '/v2/ghcr.io/org/app/manifests/1')).status, 200);
});

test('online, an imported tag is one that was pulled: upstream is asked when it is stale', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  await imported(holdfast, saved('app:1'));
  assert.equal(upstream.requests.length, 0);
  await pullImage(holdfast.url, 'library/app', '1');
  assert.equal(upstream.requests.length, 0);
  const { manifestDigest } = upstream.addImage('library/app', '1');
  holdfast.clock.advance(DAY);
  assert.equal((await pullImage(holdfast.url, 'library/app', '1')).digest, manifestDigest);
});

test('a tag that a client was just refused is there after the import', async (t) => {
  const { holdfast } = await startMirror(t);
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 404);
  await imported(holdfast, saved('app:1'));
  await pullImage(holdfast.url, 'library/app', '1');
});

test('an import takes the place of what a tag was held as', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  await pullImage(holdfast.url, 'library/app', '1');
  await imported(holdfast, saved('app:1'));
  assert.equal((await pullImage(holdfast.url, 'library/app', '1')).digest, DIGEST);
});

test('what no upstream is configured for is hosted under its name in full', async (t) => {
  const upstream = await startUpstream(t);
  const holdfast = await startHoldfast(t, { upstreams: { 'docker.io': upstream.url } });
  assert.deepEqual(await imported(holdfast, saved('quay.io/org/app:1')), ['quay.io/org/app:1']);
  await pullImage(holdfast.url, 'quay.io/org/app', '1');
  const { body } = await ask(holdfast, '/api/v1/repositories');
  assert.match(body.toString(), /"name":"quay.io\/org\/app","kind":"hosted"/);
});

test('it is evicted as what was pulled is, unless it is pinned', async (t) => {
  const upstream = await startUpstream(t);
  const holdfast = await startHoldfast(t, {
    upstreams: { 'docker.io': upstream.url },
    config: { pins: ['docker.io/library/kept:*'] },
  });
  await imported(holdfast, saved('kept:here'));
  await imported(holdfast, saved('app:other'));
  const { body } = await ask(holdfast, '/api/v1/evictions');
  const { next } = evictionsAnswer.parse(JSON.parse(body.toString()));
  assert.deepEqual(
    next.map(({ tags }) => tags),
    [['other']],
  );
});

test('only an administrator speaks for a registry, and only where the lists allow it', async (t) => {
  const upstream = await startUpstream(t);
  const { holdfast } = await startWithAccounts(t, {
    upstreams: { 'docker.io': upstream.url },
    accounts: ['admin', 'pusher'],
    auth: {
      administrators: ['admin'],
      rules: [{ match: '**', grant: { '*': ['pull', 'push', 'delete'] } }],
    },
  });
  const tar = saved('docker.io/team/app:1');
  const refused = errorsAnswer.parse(await lastLine(await post(as(holdfast, 'pusher'), tar)));
  assert.equal(refused.errors[0]?.code, 'DENIED');
  assert.deepEqual(await imported(as(holdfast, 'admin'), tar), ['docker.io/team/app:1']);
  const denying = await startMirror(t, { upstream: { deny: ['team/**'] } });
  const denied = errorsAnswer.parse(await lastLine(await post(denying.holdfast, tar)));
  assert.match(denied.errors[0]?.message ?? '', /does not allow this repository/);
});

test('in the short form a mirrored name stays read-only, and another form is none', async (t) => {
  const { holdfast } = await startMirror(t);
  const tar = saved('team/app:1');
  assert.equal((await post(holdfast, tar, '?to=docker.io/team/app:1')).status, 403);
  assert.equal((await post(holdfast, tar, '?names=long')).status, 400);
});
