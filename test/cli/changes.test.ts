/** Commands that change what is held. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../helpers/mirror.ts';
import { pushImage } from '../helpers/registry-client.ts';
import { startStocked } from './commands.ts';
import { ran } from './terminal.ts';

test('pin and unpin change what is kept, and show it', async (t) => {
  const { upstream, pull, does, tells, fails } = await startStocked(t);
  assert.equal(await does('pin'), 'nothing is pinned\n');
  upstream.addImage('library/alpine', '3', { layers: [10] });
  await pull('library/alpine', '3');
  const shown = await does('pin', 'alpine:3', 'ghcr.io/org/*:v*');
  assert.match(shown, /^PATTERN +KEEPS +SINCE +BY\n/);
  assert.match(shown, /^docker\.io\/library\/alpine:3 +1 +\d+s ago +hand$/m);
  assert.match(await does('ls', 'alpine'), / yes$/m);
  const { pins } = await tells<{ pins: { pattern: string; images: number }[] }>('pin');
  assert.ok(
    pins.some(({ pattern, images }) => pattern === 'docker.io/library/alpine:3' && images === 1),
  );
  const err = await fails(1, 'unpin', 'none:1', 'alpine:3');
  assert.match(err, /^holdfast: none:1: .*\nholdfast: 1 of 2 could not be done\n$/);
  const left = await tells<{ pins: unknown[] }>('pin');
  assert.equal(left.pins.length, 1);
});

test('pins of the configuration are told as such, and stay', async (t) => {
  const { upstream, pull, does, fails } = await startStocked(t, { pins: ['alpine:3'] });
  upstream.addImage('library/alpine', '3');
  await pull('library/alpine', '3');
  assert.match(await does('pin'), /^docker\.io\/library\/alpine:3 +1 +\d+s ago +configuration$/m);
  assert.match(await does('inspect', 'alpine:3'), / pinned by +\S+alpine:3 \(configuration\)\n/);
  const err = await fails(1, 'unpin', 'alpine:3');
  assert.match(err, /alpine:3 is pinned by the configuration: take it out of "pins" there/);
});

test('refresh asks upstream now', async (t) => {
  const { upstream, pull, does, tells, fails } = await startStocked(t);
  upstream.addImage('library/alpine', '3', { layers: [10] });
  await pull('library/alpine', '3');
  assert.match(
    await does('refresh', 'alpine:3'),
    /alpine:3 has not changed: sha256:[\da-f]{12}\n$/,
  );
  const { manifestDigest } = upstream.addImage('library/alpine', '3', { layers: [11] });
  const [answer] = await tells<{ after: string; changed: boolean }[]>('refresh', 'alpine:3');
  assert.deepEqual([answer?.after, answer?.changed], [manifestDigest, true]);
  assert.equal((await pull('library/alpine', '3')).digest, manifestDigest);
  await upstream.stop();
  assert.match(await fails(1, 'refresh', 'alpine:3'), /^holdfast: .*\n$/);
});

test('rm deletes what can be deleted, and tells what cannot', async (t) => {
  const { upstream, pull, holdfast, does, fails } = await startStocked(t);
  upstream.addImage('library/alpine', '3', { layers: [10] });
  await pull('library/alpine', '3');
  await pushImage(holdfast.url, 'team/app', '1', [1000]);
  assert.equal(await does('rm', 'alpine:3'), 'deleted docker.io/library/alpine:3\n');
  const err = await fails(1, 'rm', 'team/app:2', 'team/app:1');
  assert.match(err, /^holdfast: team\/app:2: .*\nholdfast: 1 of 2 could not be done\n$/);
  assert.equal((await ask(holdfast, '/v2/team/app/manifests/1')).status, 404);
});

test('rm --whole deletes the image that a tag names, with its other tags', async (t) => {
  const { holdfast, does, fails } = await startStocked(t);
  const { digest } = await pushImage(holdfast.url, 'team/app', '1', [1000]);
  await does('rm', 'team/app:1');
  assert.equal((await ask(holdfast, `/v2/team/app/manifests/${digest}`)).status, 200);
  const manifest = await ask(holdfast, `/v2/team/app/manifests/${digest}`);
  const headers = { 'content-type': manifest.headers.get('content-type') ?? '' };
  for (const tag of ['2', '3']) {
    const path = `/v2/team/app/manifests/${tag}`;
    await holdfast.fetch(path, { method: 'PUT', headers, body: manifest.body });
  }
  const out = await does('rm', '--whole', 'team/app:2');
  assert.match(out, new RegExp(`^deleted team/app@${digest}\n`));
  assert.match(out, /^deleted team\/app:3\n/m);
  assert.equal((await ask(holdfast, `/v2/team/app/manifests/${digest}`)).status, 404);
  assert.match(await fails(1, 'rm', '--whole', 'team/app:2'), /^holdfast: .*team\/app:2/);
});

test('gc tells what it freed', async (t) => {
  const { holdfast, does, tells } = await startStocked(t);
  assert.match(await does('gc'), /^freed 0 B\n {2}collected +0 blobs/);
  const { digest } = await pushImage(holdfast.url, 'team/app', '1', [50_000]);
  await does('rm', `team/app@${digest}`);
  holdfast.clock.advance(3 * 86_400_000);
  const { freedBytes, collected } = await tells<{
    freedBytes: number;
    collected: { blobs: number };
  }>('gc');
  assert.ok(freedBytes >= 50_000, String(freedBytes));
  assert.equal(collected.blobs, 2);
});

test('verify finds damage, repairs it where it can, and ends with 1 where it cannot', async (t) => {
  const { upstream, pull, holdfast, does, tells, fails } = await startStocked(t);
  const image = upstream.addImage('library/alpine', '3', { layers: [30_000] });
  await pull('library/alpine', '3');
  assert.match(
    await does('verify'),
    /^checked \d+ blobs and manifests, 3\d\.\d kB: all is well\n$/,
  );
  const layer = image.layerDigests[0] ?? '';
  damage(holdfast.dir, layer);
  const repaired = await tells<{ damaged: { digest: string; action: string }[] }>(
    'verify',
    '--repair',
  );
  assert.deepEqual(
    repaired.damaged.map(({ digest, action }) => [digest, action]),
    [[layer, 'fetched-again']],
  );
  await upstream.stop();
  assert.match(await does('verify'), /all is well/);
  damage(holdfast.dir, layer);
  const { code, out, err } = await ran(['verify'], { HOLDFAST_SERVER: holdfast.url });
  assert.equal(code, 1);
  assert.match(out, new RegExp(`^${layer} +docker\\.io/library/alpine +dropped`, 'm'));
  assert.match(err, /^hashing what is stored\n[^]*holdfast: 1 damaged and not repaired\n$/);
  const hosted = await pushImage(holdfast.url, 'team/app', '1', [20_000]);
  const manifest = (await (
    await holdfast.fetch(`/v2/team/app/manifests/${hosted.digest}`)
  ).json()) as {
    layers: { digest: string }[];
  };
  damage(holdfast.dir, manifest.layers[0]?.digest ?? '');
  await fails(1, 'verify', '--repair');
});

/** Turns one bit of a stored blob. */
function damage(dir: string, digest: string): void {
  const hex = digest.slice('sha256:'.length);
  const file = join(dir, 'blobs/sha256', hex.slice(0, 2), hex);
  const bytes = readFileSync(file);
  assert.equal(createHash('sha256').update(bytes).digest('hex'), hex);
  bytes[7] = (bytes[7] ?? 0) ^ 1;
  writeFileSync(file, bytes, { flag: 'r+' });
}
