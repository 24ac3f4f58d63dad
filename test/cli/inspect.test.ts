import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startStocked } from './commands.ts';

test('inspect shows what an image is made of, and what of it is here', async (t) => {
  const { upstream, pull, does, tells, fails } = await startStocked(t);
  const config = {
    created: '2026-01-02T03:04:05Z',
    config: { Labels: { vendor: '\u001b[31mme' } },
  };
  const image = upstream.addImage('library/alpine', '3', {
    layers: [3000, 2000],
    annotations: { 'org.opencontainers.image.version': '3.22' },
    config,
  });
  await pull('library/alpine', '3');
  await does('pin', 'docker.io/library/alpine:*');
  const shown = await does('inspect', 'alpine:3');
  assert.match(shown, /^docker\.io\/library\/alpine:3\n {2}digest +sha256:[\da-f]{64}\n/);
  for (const expected of [
    / kind +mirrored\n/,
    / fresh +for another \dm\n/,
    / pinned by +docker\.io\/library\/alpine:\*\n/,
    /^linux\/amd64 +yes +5\.\d\d kB +2026-01-02T03:04:05Z +sha256:[\da-f]{12}\n/m,
    /^Layers of linux\/amd64:\n/m,
    new RegExp(`^${image.layerDigests[0]?.slice(0, 19)} +3\\.00 kB +yes +application/\\S+\n`, 'm'),
    / {2}vendor = \ufffd\[31mme\n/,
    /^Annotations:\n {2}org\.opencontainers\.image\.version = 3\.22\n/m,
  ])
    assert.match(shown, expected);
  const told = await tells<{ name: string; digest: string; tags: string[] }>(
    'inspect',
    `alpine@${image.manifestDigest}`,
  );
  assert.deepEqual(
    [told.name, told.digest, told.tags],
    ['docker.io/library/alpine', image.manifestDigest, ['3']],
  );
  assert.match(await fails(1, 'inspect', 'alpine:4'), /^holdfast: not held here \(alpine:4\)/);
  assert.match(await fails(1, 'inspect', 'alpine'), /^holdfast: not held here \(alpine:latest\)/);
  assert.deepEqual(
    upstream.requests.filter(({ url }) => url.includes('manifests/4')),
    [],
  );
});

test('inspect tells platforms and layers that are not held', async (t) => {
  const { upstream, holdfast, does } = await startStocked(t);
  const here = upstream.addImage('library/app', undefined, { layers: [1000, 1001] });
  const there = upstream.addImage('library/app', undefined, {
    layers: [2000],
    platform: { os: 'linux', architecture: 'arm64' },
  });
  upstream.addIndex('library/app', '1', [
    { digest: here.manifestDigest, platform: { os: 'linux', architecture: 'amd64' } },
    { digest: there.manifestDigest, platform: { os: 'linux', architecture: 'arm64' } },
  ]);
  await holdfast.fetch('/v2/library/app/manifests/1');
  await holdfast.fetch(`/v2/library/app/manifests/${here.manifestDigest}`);
  const shown = await does('inspect', 'app:1');
  assert.match(shown, /^linux\/amd64 +0 of 3 blobs /m);
  assert.match(shown, /^linux\/arm64 +no /m);
  assert.doesNotMatch(shown, /Layers of linux\/arm64/);
});
