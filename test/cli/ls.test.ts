import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import { pushImage } from '../helpers/registry-client.ts';
import { startStocked } from './commands.ts';

interface Evictions {
  readonly next: readonly { readonly name: string; readonly tags: readonly string[] }[];
  readonly wouldFree: number;
}

test('ls lists what is mirrored and hosted, narrowed as stated', async (t) => {
  const { upstream, pull, holdfast, does, tells } = await startStocked(t);
  assert.equal(await does('ls'), 'nothing is here\n');
  upstream.addImage('library/alpine', '3', { layers: [3000, 2000] });
  upstream.addImage('org/app', '1', { layers: [500] });
  await pull('library/alpine', '3');
  await pull('org/app', '1');
  await pushImage(holdfast.url, 'team/app', '1', [4000]);
  const all = await does('ls');
  assert.match(all, /^REPOSITORY +KIND +TAGS +SIZE +LAST ADDED +LAST USED +PINNED\n/);
  assert.match(all, /^docker\.io\/library\/alpine +mirrored +1 +5\.\d\d kB +\d+s ago +\d+s ago$/m);
  assert.match(all, /^team\/app +hosted +1 +4\.\d\d kB +\d+s ago$/m);
  const names = async (...args: string[]): Promise<string[]> =>
    (await does('ls', '-q', ...args)).trim().split('\n');
  assert.deepEqual(await names(), ['docker.io/library/alpine', 'docker.io/org/app', 'team/app']);
  assert.deepEqual(await names('--kind', 'hosted'), ['team/app']);
  assert.deepEqual(await names('--search', 'app'), ['docker.io/org/app', 'team/app']);
  assert.deepEqual(await names('-n', '1'), ['docker.io/library/alpine']);
  const { repositories } = await tells<{ repositories: { name: string; tags: number }[] }>('ls');
  assert.deepEqual(
    repositories.map(({ name, tags }) => [name, tags]),
    [
      ['docker.io/library/alpine', 1],
      ['docker.io/org/app', 1],
      ['team/app', 1],
    ],
  );
});

test('ls of a repository lists its tags, however many pages they take', async (t) => {
  const { upstream, pull, holdfast, does, tells, fails } = await startStocked(t);
  const { manifestDigest } = upstream.addImage('library/alpine', '3', { layers: [3000] });
  await pull('library/alpine', '3');
  const short = manifestDigest.slice(0, 'sha256:'.length + 12);
  assert.match(
    await does('ls', 'alpine'),
    new RegExp(`^3 +${short} +3\\.\\d\\d kB +linux/amd64 +\\d+s ago +\\d+s ago$`, 'm'),
  );
  assert.equal(await does('ls', 'alpine', '-q'), 'alpine:3\n');
  await pushImage(holdfast.url, 'team/app', 't0', [10]);
  const manifest = await holdfast.fetch('/v2/team/app/manifests/t0');
  const body = await manifest.text();
  const headers = { 'content-type': manifest.headers.get('content-type') ?? '' };
  for (let tag = 1; tag <= 520; tag++)
    await holdfast.fetch(`/v2/team/app/manifests/t${tag}`, { method: 'PUT', headers, body });
  const { tags } = await tells<{ tags: { name: string }[] }>('ls', 'team/app');
  assert.equal(new Set(tags.map(({ name }) => name)).size, 521);
  assert.equal((await does('ls', 'team/app', '-q', '-n', '510')).trim().split('\n').length, 510);
  assert.equal(await does('ls', 'team/app', '-q', '--search', 't520'), 'team/app:t520\n');
  assert.match(await fails(1, 'ls', 'team/none'), /none/);
});

test('ls --evict-next lists what was not used for longest first, and never what is pinned', async (t) => {
  const { upstream, pull, holdfast, does, tells } = await startStocked(t);
  assert.equal(await does('ls', '--evict-next'), 'nothing can be evicted\n');
  for (const name of ['one', 'two', 'three']) {
    upstream.addImage(`library/${name}`, '1', { layers: [1000] });
    await pull(`library/${name}`, '1');
    holdfast.clock.advance(3_600_000);
  }
  await pull('library/one', '1');
  await pushImage(holdfast.url, 'team/app', '1', [10]);
  await does('pin', 'two:1');
  await eventually('the last use is written down', async () =>
    (await does('ls', '--evict-next', '-q')).startsWith('docker.io/library/three@'),
  );
  const { next, wouldFree } = await tells<Evictions>('ls', '--evict-next');
  assert.deepEqual(
    next.map(({ name, tags }) => `${name}:${tags.join()}`),
    ['docker.io/library/three:1', 'docker.io/library/one:1'],
  );
  assert.ok(wouldFree > 2000 && wouldFree < 4000, String(wouldFree));
  const shown = await does('ls', '--evict-next', '-n', '1');
  assert.match(
    shown,
    /^docker\.io\/library\/three:1 +sha256:[\da-f]{12} +1\.\d\d kB +\d+[smh] ago$/m,
  );
  assert.match(shown, /\nAll of it would free 1\.\d\d kB\.\n$/);
  assert.match(
    await does('ls', '--evict-next', '-q'),
    /^docker\.io\/library\/three@sha256:[\da-f]{64}\n/,
  );
});

test('ls --evict-next tells of what an untagged manifest is a part', async (t) => {
  const { upstream, holdfast, pull, does } = await startStocked(t);
  const platform = { os: 'linux', architecture: 'amd64' };
  const { manifestDigest: digest } = upstream.addImage('library/app', undefined, { platform });
  upstream.addIndex('library/app', '3', [{ digest, platform }]);
  await pull('library/app', digest);
  const index = await holdfast.fetch('/v2/library/app/manifests/3');
  assert.equal(index.status, 200);
  assert.match(
    await does('ls', '--evict-next'),
    /^docker\.io\/library\/app \(part of 3\) +sha256/m,
  );
});

test('ls says what does not go together', async (t) => {
  const { fails } = await startStocked(t);
  for (const args of [
    ['--evict-next', 'alpine'],
    ['--evict-next', '--search', 'a'],
    ['alpine', '--kind', 'hosted'],
    ['--kind', 'cached'],
    ['-n', '0'],
  ])
    assert.match(await fails(2, 'ls', ...args), /^error: /, args.join(' '));
});
