import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageAnswer } from '../../src/api/image.ts';
import { repositoriesAnswer } from '../../src/api/repositories.ts';
import { statusAnswer } from '../../src/api/status.ts';
import { tagsAnswer } from '../../src/api/tags.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import {
  startHoldfast,
  startMirror,
  startUpstream,
  storedFiles,
  temporaryDirectory,
  untilHeld,
} from '../helpers/mirror.ts';
import { pullImage, pushImage } from '../helpers/registry-client.ts';
import { get, send } from './api.ts';

/** An index as BuildKit makes them, of entries that the upstream may not have. */
function indexOf(manifests: readonly object[]): object {
  const mediaType = MediaType.ociIndex;
  const entries = manifests.map((one) => ({ mediaType: MediaType.ociManifest, size: 500, ...one }));
  return { schemaVersion: 2, mediaType, manifests: entries };
}

test('the status tells what is held and what may be done', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1', { layers: [1_000, 2_000] });
  await pullImage(holdfast.url, 'app', '1');
  await pushImage(holdfast.url, 'team/app', '1', [5_000]);
  await storedFiles(holdfast);
  const status = await get(holdfast, statusAnswer, '/status');
  assert.equal(status.listen, holdfast.url);
  assert.equal(status.defaultUpstream, 'docker.io');
  assert.equal(status.storage.dir, holdfast.dir);
  assert.equal(status.storage.blobs, 5);
  assert.equal(status.storage.manifests, 2);
  assert.equal(status.storage.hostedBytes + status.storage.mirroredBytes, status.storage.blobBytes);
  assert.ok(status.storage.mirroredBytes > 3_000 && status.storage.hostedBytes > 5_000);
  assert.deepEqual(status.can, { pull: true, push: true, delete: true, administer: true });
  assert.match(status.version, /^\d+\.\d+\.\d+/);
});

test('repositories are listed by name with what they hold, page by page', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  for (const one of ['library/app', 'library/base', 'grafana/loki']) {
    upstream.addImage(one, '1', { layers: [1_000] });
    upstream.setTag(one, 'latest', upstream.addImage(one, '2').manifestDigest);
    await pullImage(holdfast.url, one, '1');
  }
  await pullImage(holdfast.url, 'library/app', 'latest');
  await pushImage(holdfast.url, 'team/app', '1', [5_000]);
  const all = await get(holdfast, repositoriesAnswer, '/repositories');
  assert.deepEqual(
    all.repositories.map(({ name, kind, upstream: of, tags }) => [name, kind, of, tags]),
    [
      ['docker.io/grafana/loki', 'mirrored', 'docker.io', 1],
      ['docker.io/library/app', 'mirrored', 'docker.io', 2],
      ['docker.io/library/base', 'mirrored', 'docker.io', 1],
      ['team/app', 'hosted', null, 1],
    ],
  );
  assert.equal(all.next, null);
  const found = await get(holdfast, repositoriesAnswer, '/repositories', {
    search: 'LIBRARY',
    kind: 'mirrored',
    n: 1,
  });
  assert.equal(found.repositories[0]?.name, 'docker.io/library/app');
  assert.equal(found.next, 'docker.io/library/app');
  const next = await get(holdfast, repositoriesAnswer, '/repositories', {
    search: 'library',
    last: 'docker.io/library/app',
  });
  assert.deepEqual(
    next.repositories.map(({ name }) => name),
    ['docker.io/library/base'],
  );
});

test('tags are listed with platforms, age and freshness', async (t) => {
  const { upstream, holdfast } = await startMirror(t, {
    upstream: { tags: { maxAge: '1h' } },
  });
  const amd64 = upstream.addImage('library/app', undefined, { layers: [1_000] });
  const platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
  upstream.addManifest(
    'library/app',
    'multi',
    indexOf([
      { digest: amd64.manifestDigest, platform: { os: 'linux', architecture: 'amd64' } },
      { digest: `sha256:${'0'.repeat(64)}`, size: 5, platform },
    ]),
    MediaType.ociIndex,
  );
  await pullImage(holdfast.url, 'app', amd64.manifestDigest);
  await storedFiles(holdfast);
  await holdfast.fetch('/v2/app/manifests/multi');
  await pushImage(holdfast.url, 'team/app', 'v1', [5_000]);
  const { tags } = await get(holdfast, tagsAnswer, '/tags', { repository: 'app' });
  const [multi] = tags;
  assert.equal(tags.length, 1);
  assert.equal(multi?.name, 'multi');
  assert.deepEqual(multi.platforms, [{ os: 'linux', architecture: 'amd64' }, platform]);
  assert.equal(multi.staleAt, multi.checkedAt + 3_600_000);
  assert.ok(multi.size > 1_000);
  const own = await get(holdfast, tagsAnswer, '/tags', { repository: 'team/app', search: 'v' });
  assert.deepEqual(own.tags[0]?.platforms, [{ os: 'linux', architecture: 'amd64' }]);
  assert.equal(own.tags[0]?.staleAt, null);
  assert.equal(own.tags[0]?.usedAt, null);
});

test('an image is told with all that it is made of, and what of that is here', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const app = upstream.addImage('library/app', '1', { layers: [1_000, 2_000] });
  await holdfast.fetch('/v2/app/manifests/1');
  const path = `/v2/library/app/blobs/${app.layerDigests[0]}`;
  await (await holdfast.fetch(path)).arrayBuffer();
  await untilHeld(holdfast, path);
  const image = await get(holdfast, imageAnswer, '/image', { image: 'app:1' });
  assert.equal(image.name, 'docker.io/library/app');
  assert.equal(image.digest, app.manifestDigest);
  assert.deepEqual(image.tags, ['1']);
  const [platform, ...more] = image.platforms;
  assert.equal(more.length, 0);
  assert.deepEqual(
    platform?.layers.map(({ digest, size, held }) => [digest, size, held]),
    [
      [app.layerDigests[0], 1_000, true],
      [app.layerDigests[1], 2_000, false],
    ],
  );
  assert.equal(platform.config?.held, false);
  assert.equal(platform.os, 'unknown');
  await pullImage(holdfast.url, 'app', '1');
  await storedFiles(holdfast);
  const whole = await get(holdfast, imageAnswer, '/image', {
    image: `docker.io/library/app@${app.manifestDigest}`,
  });
  assert.equal(whole.tag, null);
  assert.equal(whole.platforms[0]?.config?.held, true);
});

test('an index is told platform by platform, with attestations and referrers', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const amd64 = upstream.addImage('library/app', undefined, { layers: [1_000] });
  const index = upstream.addManifest(
    'library/app',
    'multi',
    indexOf([
      { digest: amd64.manifestDigest, platform: { os: 'linux', architecture: 'amd64' } },
      {
        digest: `sha256:${'1'.repeat(64)}`,
        size: 7,
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: { 'vnd.docker.reference.digest': amd64.manifestDigest },
      },
    ]),
    MediaType.ociIndex,
  );
  await holdfast.fetch('/v2/app/manifests/multi');
  await pullImage(holdfast.url, 'app', amd64.manifestDigest);
  await storedFiles(holdfast);
  const signature = upstream.addImage('library/app', undefined, {
    artifactType: 'application/signature',
    subject: index,
  }).manifestDigest;
  await holdfast.fetch(`/v2/app/manifests/${signature}`);
  const image = await get(holdfast, imageAnswer, '/image', { image: 'app:multi' });
  assert.deepEqual(
    image.platforms.map(({ architecture, held, attests }) => [architecture, held, attests]),
    [
      ['amd64', true, undefined],
      ['unknown', false, amd64.manifestDigest],
    ],
  );
  assert.equal(image.platforms[0]?.layers[0]?.held, true);
  assert.deepEqual(
    image.referrers.map(({ digest, artifactType }) => [digest, artifactType]),
    [[signature, 'application/signature']],
  );
});

test('what is wrong with a request is told in the form of the spec', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const wrong = await send(holdfast, 'GET', '/repositories', { query: { n: 'many' } });
  assert.deepEqual([wrong.status, wrong.code], [400, 'UNSUPPORTED']);
  for (const [path, query, status, code] of [
    ['/tags', { repository: 'no/such' }, 404, 'NAME_UNKNOWN'],
    ['/tags', {}, 400, 'UNSUPPORTED'],
    ['/image', { image: 'no/such:1' }, 404, 'MANIFEST_UNKNOWN'],
    ['/image', { image: 'UPPER:1' }, 400, 'NAME_INVALID'],
    ['/image', { image: 'app:1@sha256:5' }, 400, 'NAME_INVALID'],
    ['/nothing', {}, 404, 'NAME_UNKNOWN'],
  ] as const) {
    const answer = await send(holdfast, 'GET', path, { query });
    assert.deepEqual([answer.status, answer.code], [status, code], path);
  }
});

test('an upstream that is private is not told of where anybody can connect', async (t) => {
  const upstream = await startUpstream(t);
  upstream.addImage('library/app', '1');
  const config = {
    listen: { host: '0.0.0.0', port: 0 },
    auth: { anonymous: 'pull' },
  };
  const dir = await temporaryDirectory(t);
  const open = await startHoldfast(t, { upstreams: { 'docker.io': upstream.url }, dir });
  await pullImage(open.url, 'app', '1');
  await open.close();
  const closed = await startHoldfast(t, {
    upstreams: { 'docker.io': upstream.url },
    upstream: { private: true },
    config,
    dir,
  });
  const { repositories } = await get(closed, repositoriesAnswer, '/repositories');
  assert.deepEqual(repositories, []);
  assert.equal((await send(closed, 'GET', '/image', { query: { image: 'app:1' } })).status, 404);
});
