/** A delete of mirrored content drops the copy, which can be fetched again; it never reaches upstream. */
import assert from 'node:assert/strict';
import { beforeEach, after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { FakeUpstream } from '../helpers/fake-upstream.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { getVerified, pullImage } from '../helpers/registry-client.ts';
import { imageHeld } from './held.ts';
import { pushBlob, pushSample } from './pushing.ts';
import { refusal } from './refusal.ts';

const upstream = await FakeUpstream.start();
const holdfast = await Holdfast.start({ upstreams: { 'docker.io': upstream.url } });
after(async () => {
  await holdfast.close();
  await upstream.stop();
});

async function pulled(repository: string) {
  const image = upstream.addImage(repository, 'v1');
  const name = `docker.io/${repository}`;
  await pullImage(holdfast.url, name, 'v1');
  await imageHeld(holdfast, name, 'v1');
  upstream.clear();
  return { ...image, name };
}

function remove(path: string): Promise<Response> {
  return holdfast.fetch(path, { method: 'DELETE' });
}

beforeEach(() => upstream.clear());

test('a blob is dropped, and fetched again by the next pull', async () => {
  const { name, layerDigests } = await pulled('library/blob');
  const [layer = ''] = layerDigests;
  const path = `/v2/${name}/blobs/${layer}`;
  assert.equal((await remove(path)).status, 202);
  assert.deepEqual(upstream.requests, []);
  await getVerified(holdfast.url + path, layer);
  assert.equal(upstream.count('GET', /\/blobs\//), 1);
});

test('a manifest is dropped with its tags, and fetched again', async () => {
  const { name, manifestDigest } = await pulled('library/manifest');
  assert.equal((await remove(`/v2/${name}/manifests/${manifestDigest}`)).status, 202);
  assert.deepEqual(upstream.requests, []);
  assert.equal((await pullImage(holdfast.url, name, 'v1')).digest, manifestDigest);
  assert.equal(upstream.count('GET', /\/manifests\//), 1);
});

test('a tag is dropped alone, and asked for again', async () => {
  const { name, manifestDigest } = await pulled('library/tag');
  assert.equal((await remove(`/v2/${name}/manifests/v1`)).status, 202);
  await pullImage(holdfast.url, name, manifestDigest);
  assert.deepEqual(upstream.requests, []);
  assert.equal((await pullImage(holdfast.url, name, 'v1')).digest, manifestDigest);
  assert.notEqual(
    upstream.count('HEAD', /\/manifests\/v1/) + upstream.count('GET', /\/manifests\/v1/),
    0,
  );
});

test('a bare name drops the copy as well', async () => {
  const { manifestDigest } = await pulled('library/bare');
  assert.equal((await remove(`/v2/bare/manifests/${manifestDigest}`)).status, 202);
  assert.equal((await pullImage(holdfast.url, 'bare', 'v1')).digest, manifestDigest);
});

test('what is hosted goes before the copy of the same name', async () => {
  const { manifestDigest } = await pulled('library/both');
  const own = await pushSample(holdfast, 'both', 'v1');
  assert.equal((await remove('/v2/both/manifests/v1')).status, 202);
  assert.equal((await pullImage(holdfast.url, 'both', 'v1')).digest, manifestDigest);
  await pullImage(holdfast.url, 'both', own.digest);
});

test('what is not held cannot be deleted, and upstream is not asked', async () => {
  const image = upstream.addImage('library/unheld', 'v1');
  for (const path of [
    `manifests/v1`,
    `manifests/${image.manifestDigest}`,
    `blobs/${image.configDigest}`,
  ]) {
    await refusal(await remove(`/v2/docker.io/library/unheld/${path}`), 404, 'NAME_UNKNOWN');
  }
  assert.deepEqual(upstream.requests, []);
});

test('a copy that a hosted repository shares stays readable there', async () => {
  const { name, layers } = await pulled('library/shared');
  const [layer = Buffer.alloc(0)] = layers;
  const digest = digestOf(layer);
  await pushBlob(holdfast, 'sharing', layer);
  assert.equal((await remove(`/v2/${name}/blobs/${digest}`)).status, 202);
  await getVerified(`${holdfast.url}/v2/sharing/blobs/${digest}`, digest);
});
