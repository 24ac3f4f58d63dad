/** docs/nginx.md with the real nginx. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cleanUp } from '../../helpers/clean-up.ts';
import type { Holdfast } from '../../helpers/holdfast.ts';
import {
  ask,
  type Mirror,
  startHoldfast,
  startMirror,
  temporaryDirectory,
  untilHeld,
} from '../../helpers/mirror.ts';
import { TEST_CA } from '../../helpers/test-certificates.ts';
import { snippet } from '../../helpers/snippet.ts';
import { run } from '../command.ts';
import { ContainersHome } from '../containers-home.ts';
import { Dockerd } from '../dockerd.ts';
import { Nginx } from '../nginx.ts';
import { openRecipeStage } from '../recipe-stage.ts';
import { askOverTls, type TlsReply } from '../trusting-fetch.ts';

const LAYER = 3_000_000;

/** The configuration that the page shows under this name, on a port and in a folder of the test's own. */
function configOf(name: string): object {
  const { listen, ...rest } = JSON.parse(snippet('nginx.md', name)) as Record<string, object>;
  assert.deepEqual(
    Object.keys(rest).filter((key) => key !== 'storage'),
    [],
  );
  return { listen: { ...listen, port: 0 } };
}

interface Front extends Mirror {
  readonly nginx: Nginx;
  /** Of a blob that is held. */
  readonly path: string;
  readonly digest: string;
}

/** A mirror that holds one layer, behind an nginx that may send it. `user`: who nginx's workers are. */
async function acceleratedFront(t: TestContext, user: string): Promise<Front> {
  const mirror = await startMirror(t, { config: configOf('accel-config') });
  const { holdfast, upstream } = mirror;
  const { layerDigests } = upstream.addImage('library/app', '1', { layers: [LAYER] });
  const digest = layerDigests[0] ?? '';
  const path = `/v2/library/app/blobs/${digest}`;
  await ask(holdfast, path);
  await untilHeld(holdfast, path);
  const options = { holdfast: `127.0.0.1:${holdfast.port}`, storage: holdfast.dir, user };
  return { ...mirror, nginx: await Nginx.start(t, options), path, digest };
}

/** www-data as a member of the group of Holdfast's user, which is the one that runs this test. */
const MEMBER = 'www-data root';
const STRANGER = 'www-data';

const sha256 = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function servedByHoldfast(holdfast: Holdfast): Promise<number> {
  const text = await (await holdfast.fetch('/metrics')).text();
  return Number(/^holdfast_served_bytes_total\{source="store"\} (\d+)$/m.exec(text)?.[1]);
}

test('nginx sends a held blob, whole and in ranges, with the headers of Holdfast', async (t) => {
  const { nginx, holdfast, path, digest } = await acceleratedFront(t, MEMBER);
  const url = `https://${nginx.address}${path}`;
  const direct = await ask(holdfast, path);
  const whole = await askOverTls(url);
  assert.deepEqual([whole.status, sha256(whole.body)], [200, digest]);
  for (const name of [
    'content-type',
    'content-length',
    'docker-content-digest',
    'docker-distribution-api-version',
    'etag',
    'cache-status',
    'cache-control',
    'accept-ranges',
    'x-content-type-options',
  ]) {
    assert.equal(whole.headers[name], direct.headers.get(name), name);
  }
  assert.equal(whole.headers['last-modified'], undefined);
  assert.equal(whole.headers['x-accel-redirect'], undefined);
  for (const [range, contentRange, start, end] of [
    ['bytes=100-199', `bytes 100-199/${LAYER}`, 100, 200],
    ['bytes=-5', `bytes ${LAYER - 5}-${LAYER - 1}/${LAYER}`, LAYER - 5, LAYER],
    ['bytes=0-', `bytes 0-${LAYER - 1}/${LAYER}`, 0, LAYER],
  ] as const) {
    const part = await askOverTls(url, { headers: { Range: range } });
    assert.deepEqual([part.status, part.headers['content-range']], [206, contentRange]);
    assert.ok(part.body.equals(whole.body.subarray(start, end)), range);
    assert.equal(part.headers['docker-content-digest'], digest);
  }
  // It was nginx that did: Holdfast sent not one body of these, so that its log of errors is empty, too.
  assert.doesNotMatch(await nginx.errors(), /open\(\)/);
});

test('HEAD, 304, 416, several ranges, errors and pulls under way pass through', async (t) => {
  const { nginx, upstream, path, digest } = await acceleratedFront(t, MEMBER);
  const url = `https://${nginx.address}${path}`;
  const head = await askOverTls(url, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers['content-length']], [200, String(LAYER)]);
  const tagged = await askOverTls(url, { headers: { 'If-None-Match': `"${digest}"` } });
  assert.deepEqual([tagged.status, tagged.headers['docker-content-digest']], [304, digest]);
  const beyond = await askOverTls(url, { headers: { Range: `bytes=${LAYER}-` } });
  assert.deepEqual([beyond.status, codeOf(beyond)], [416, 'SIZE_INVALID']);
  const two = await askOverTls(url, { headers: { Range: 'bytes=0-1,5-6' } });
  assert.match(two.headers['content-type'] ?? '', /^multipart\/byteranges/);
  const unknown = await askOverTls(url.replace(/.{8}$/, '00000000'));
  assert.deepEqual([unknown.status, codeOf(unknown)], [404, 'BLOB_UNKNOWN']);
  const { layerDigests } = upstream.addImage('library/cold', '1', { layers: [LAYER + 1] });
  const cold = await askOverTls(
    `https://${nginx.address}/v2/library/cold/blobs/${layerDigests[0]}`,
  );
  assert.deepEqual(
    [sha256(cold.body), cold.headers['cache-status']],
    [layerDigests[0], 'holdfast; fwd=uri-miss'],
  );
});

function codeOf({ body }: TlsReply): string | undefined {
  return /^\{"errors":\[\{"code":"(\w+)"/.exec(body.toString())?.[1];
}

test('the internal location is closed to clients', async (t) => {
  const { nginx, digest } = await acceleratedFront(t, MEMBER);
  const hex = digest.slice('sha256:'.length);
  const reply = await askOverTls(
    `https://${nginx.address}/protected/sha256/${hex.slice(0, 2)}/${hex}`,
  );
  assert.deepEqual([reply.status, reply.body.includes('NAME_UNKNOWN')], [404, true]);
});

test('a blob that is evicted before nginx opens it is fetched again', async (t) => {
  const { nginx, upstream, holdfast, path, digest } = await acceleratedFront(t, MEMBER);
  upstream.clear();
  // Just behind Holdfast's look at it, as an eviction would: nginx is told of a file that is not there any more.
  const gone = await Nginx.start(t, {
    holdfast: `127.0.0.1:${holdfast.port}`,
    storage: join(holdfast.dir, 'elsewhere'),
    user: MEMBER,
  });
  const reply = await askOverTls(`https://${gone.address}${path}`);
  assert.deepEqual([reply.status, sha256(reply.body)], [200, digest]);
  assert.match(await gone.errors(), /open\(\).*No such file/);
  // And where it is gone for Holdfast too, upstream is asked.
  await rm(join(holdfast.dir, 'blobs'), { recursive: true });
  const again = await askOverTls(`https://${nginx.address}${path}`);
  assert.deepEqual([again.status, sha256(again.body)], [200, digest]);
  assert.equal(upstream.count('GET', /blobs/), 1);
});

test('an nginx that may not read the files costs speed, nothing else', async (t) => {
  const { nginx, path, digest } = await acceleratedFront(t, STRANGER);
  const reply = await askOverTls(`https://${nginx.address}${path}`);
  assert.deepEqual([reply.status, sha256(reply.body)], [200, digest]);
  assert.equal(reply.headers['cache-status'], 'holdfast; hit');
  assert.match(await nginx.errors(), /open\(\).*Permission denied/);
});

test('what nginx sends is counted', async (t) => {
  const { nginx, holdfast, path } = await acceleratedFront(t, MEMBER);
  const before = await servedByHoldfast(holdfast);
  await askOverTls(`https://${nginx.address}${path}`);
  assert.equal((await servedByHoldfast(holdfast)) - before, LAYER);
});

test('a push of any size goes through, and every Location leads back to nginx', async (t) => {
  const config = { ...configOf('config'), auth: { anonymous: 'push' } };
  const holdfast = await startHoldfast(t, { config });
  const nginx = await Nginx.start(t, { holdfast: `127.0.0.1:${holdfast.port}` });
  const url = `https://${nginx.address}`;
  const blob = randomBytes(5_000_000);
  const digest = sha256(blob);
  const begun = await askOverTls(`${url}/v2/team/app/blobs/uploads/`, { method: 'POST' });
  assert.equal(begun.status, 202);
  const session = new URL(begun.headers['location'] ?? '', url);
  const patched = await askOverTls(session.href, { method: 'PATCH', body: blob });
  assert.deepEqual([patched.status, patched.headers['range']], [202, `0-${blob.length - 1}`]);
  const next = new URL(patched.headers['location'] ?? '', url);
  next.searchParams.set('digest', digest);
  const closed = await askOverTls(next.href, { method: 'PUT' });
  assert.equal(closed.status, 201);
  const made = new URL(closed.headers['location'] ?? '', url);
  for (const { origin } of [session, next, made]) assert.equal(origin, url);
  assert.equal(sha256((await askOverTls(made.href)).body), digest);
});

test('who comes through the proxy is no operator, although it comes from a loopback address', async (t) => {
  const holdfast = await startHoldfast(t, { config: configOf('config') });
  const nginx = await Nginx.start(t, { holdfast: `127.0.0.1:${holdfast.port}` });
  const begun = await askOverTls(`https://${nginx.address}/v2/team/app/blobs/uploads/`, {
    method: 'POST',
  });
  assert.deepEqual([begun.status, codeOf(begun)], [403, 'DENIED']);
});

test('docker and podman push and pull through nginx', async (t) => {
  const stage = await openRecipeStage(t, {
    ...configOf('accel-config'),
    auth: { anonymous: 'push' },
  });
  const { holdfast } = stage;
  const options = { holdfast: `127.0.0.1:${holdfast.port}`, storage: holdfast.dir, user: MEMBER };
  const { address } = await Nginx.start(t, options);
  const dir = await temporaryDirectory(t);
  const registries = join(dir, 'registries.conf');
  await writeFile(registries, 'unqualified-search-registries = []\n');
  await trustTestAuthority(t, '/etc/containers/certs.d', address);
  const home = await ContainersHome.openWith(join(dir, 'podman'), registries);
  cleanUp(t, () => home.remove());
  const podman = (...args: readonly string[]) => run('podman', args, home.environment, t.signal);
  const mirrors = { 'registry-mirrors': [`https://${address}`] };
  await trustTestAuthority(t, '/etc/docker/certs.d', address);
  const dockerd = await Dockerd.open(join(dir, 'docker'), mirrors, t.signal);
  cleanUp(t, () => dockerd.close());
  const docker = (...args: readonly string[]) => dockerd.docker(args, t.signal);

  await docker('pull', 'alpine:3.22');
  await docker('tag', 'alpine:3.22', `${address}/team/docker:1`);
  await docker('push', `${address}/team/docker:1`);
  await podman('pull', `${address}/team/docker:1`);
  await podman('push', `${address}/team/docker:1`, `${address}/team/podman:1`);
  await docker('pull', `${address}/team/podman:1`);
});

/** Until the end of the test. */
async function trustTestAuthority(t: TestContext, folder: string, host: string): Promise<void> {
  const own = join(folder, host);
  cleanUp(t, () => rm(own, { recursive: true, force: true }));
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'ca.crt'), TEST_CA);
}
