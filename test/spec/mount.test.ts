/** end-11: mounts, from hosted and from mirrored repositories. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { FakeUpstream } from '../helpers/fake-upstream.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { getVerified, pullImage } from '../helpers/registry-client.ts';
import { imageHeld } from './held.ts';
import { close, pushBlob, UUID } from './pushing.ts';
import { refusal } from './refusal.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { send } from './wire.ts';

const upstream = await FakeUpstream.start();
const holdfast = await Holdfast.start({ upstreams: { 'docker.io': upstream.url } });
after(async () => {
  await holdfast.close();
  await upstream.stop();
});

const CONTENT = madeUpBytes('mounted', 20_000);
const DIGEST = await pushBlob(holdfast, 'source', CONTENT);
const mirrored = upstream.addImage('library/app', 'v1');
await pullImage(holdfast.url, 'docker.io/library/app', 'v1');
await imageHeld(holdfast, 'docker.io/library/app', 'v1');
const [LAYER = ''] = mirrored.layerDigests;

function mount(
  target: string,
  digest: string,
  from?: string,
  server: Holdfast = holdfast,
): Promise<Response> {
  const query = from === undefined ? '' : `&from=${from}`;
  return server.fetch(`/v2/${target}/blobs/uploads/?mount=${digest}${query}`, { method: 'POST' });
}

async function assertMounted(response: Response, target: string, digest: string): Promise<void> {
  assert.equal(response.status, 201, await response.text());
  assert.equal(response.headers.get('location'), `/v2/${target}/blobs/${digest}`);
  assert.equal(response.headers.get('docker-content-digest'), digest);
  await getVerified(`${holdfast.url}/v2/${target}/blobs/${digest}`, digest);
}

/** A mount that cannot be is an upload instead. */
async function assertUpload(response: Response, target: string): Promise<void> {
  assert.equal(response.status, 202, await response.text());
  const location = response.headers.get('location') ?? '';
  assert.match(location, new RegExp(`^/v2/${target}/blobs/uploads/${UUID.source}`));
  const content = madeUpBytes(`instead of a mount in ${target}`, 100);
  assert.equal((await close(holdfast, location, digestOf(content), content)).status, 201);
}

const mounts: [title: string, digest: string, from: string | undefined][] = [
  ['a hosted repository', DIGEST, 'source'],
  ['whatever repository has it', DIGEST, undefined],
  ['a mirrored repository by its upstream name', LAYER, 'docker.io/library/app'],
  ['a mirrored repository by its bare name', LAYER, 'library/app'],
  ['a mirrored repository by its short name', LAYER, 'app'],
  ['whatever mirrored repository has it', LAYER, undefined],
];
for (const [index, [title, digest, from]] of mounts.entries()) {
  test(`a blob is mounted from ${title}`, async () => {
    await assertMounted(await mount(`target-${index}`, digest, from), `target-${index}`, digest);
  });
}

test('a name may be encoded', async () => {
  await pushBlob(holdfast, 'deep/source', CONTENT);
  const response = await mount('encoded', DIGEST.replace(':', '%3A'), 'deep%2Fsource');
  await assertMounted(response, 'encoded', DIGEST);
});

test('mounting what is there already is fine', async () => {
  await assertMounted(await mount('source', DIGEST, 'source'), 'source', DIGEST);
});

test('the mounted blob outlives its source', async () => {
  const content = madeUpBytes('moved', 2_000);
  const digest = await pushBlob(holdfast, 'moved-from', content);
  await assertMounted(await mount('moved-to', digest, 'moved-from'), 'moved-to', digest);
  const path = `/v2/moved-from/blobs/${digest}`;
  assert.equal((await holdfast.fetch(path, { method: 'DELETE' })).status, 202);
  assert.equal((await send(holdfast, 'HEAD', path)).status, 404);
  await getVerified(`${holdfast.url}/v2/moved-to/blobs/${digest}`, digest);
});

const NONE = `sha256:${'0'.repeat(64)}`;
const uploads: [title: string, digest: string, from: string | undefined][] = [
  ['the source does not have the blob', NONE, 'source'],
  ['the source is another repository than the one that has it', DIGEST, 'somewhere/else'],
  ['nobody has the blob', NONE, undefined],
  ['the source is no name', DIGEST, '../source'],
  ['the source is empty', DIGEST, ''],
  ['the source is an unknown upstream', LAYER, 'ghcr.io/library/app'],
];
for (const [index, [title, digest, from]] of uploads.entries()) {
  test(`where ${title}, a mount becomes an upload`, async () => {
    await assertUpload(await mount(`upload-${index}`, digest, from), `upload-${index}`);
  });
}

test('a mount asks no upstream for what is not held', async () => {
  const blob = upstream.addBlob(madeUpBytes('only upstream', 500), 'library/app');
  upstream.clear();
  await assertUpload(await mount('not-held', blob, 'library/app'), 'not-held');
  assert.deepEqual(upstream.requests, []);
});

for (const digest of ['sha256:abc', 'md5:d41d8cd98f00b204e9800998ecf8427e', '']) {
  test(`mount=${digest} is refused`, async () => {
    await refusal(await mount('bad', digest, 'source'), 400, 'DIGEST_INVALID');
  });
}

test('a mount into an upstream is refused', async () => {
  await refusal(await mount('docker.io/library/app', DIGEST, 'source'), 403, 'DENIED');
});

test('a repository that must not be read is no source', async (t) => {
  const dir = await temporaryDirectory(t);
  const upstreams = { 'docker.io': upstream.url };
  const open = await Holdfast.start({ dir, upstreams });
  t.after(() => open.close());
  await pushBlob(open, 'source', CONTENT);
  await pullImage(open.url, 'docker.io/library/app', 'v1');
  await imageHeld(open, 'docker.io/library/app', 'v1');
  await open.close();

  const closed = await Holdfast.start({ dir, upstreams, upstream: { deny: ['library/app'] } });
  t.after(() => closed.close());
  for (const from of ['docker.io/library/app', 'library/app', 'app', undefined]) {
    const response = await mount('denied', LAYER, from, closed);
    assert.equal(response.status, 202, from);
    await response.text();
  }
  assert.equal((await mount('denied', DIGEST, 'source', closed)).status, 201);
});
