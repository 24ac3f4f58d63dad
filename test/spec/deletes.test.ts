/** end-9 and end-10: what goes, what stays, and when it may be pushed again. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { getVerified, pullImage } from '../helpers/registry-client.ts';
import { indexOf, pushBlob, pushSample, putManifest } from './pushing.ts';
import { refusal } from './refusal.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

async function remove(path: string): Promise<void> {
  const response = await holdfast.fetch(path, { method: 'DELETE' });
  assert.deepEqual([response.status, await response.text()], [202, '']);
}

async function assertGone(path: string, code: string): Promise<void> {
  assert.equal((await send(holdfast, 'HEAD', path)).status, 404);
  await refusal(await holdfast.fetch(path), 404, code);
  await refusal(await holdfast.fetch(path, { method: 'DELETE' }), 404, code);
}

async function isThere(path: string): Promise<boolean> {
  return (await send(holdfast, 'HEAD', path)).status === 200;
}

test('a tag goes alone', async () => {
  const { digest, manifest } = await pushSample(holdfast, 'tag', 'one');
  await putManifest(holdfast, 'tag', 'two', manifest);
  await remove('/v2/tag/manifests/one');
  await assertGone('/v2/tag/manifests/one', 'MANIFEST_UNKNOWN');
  assert.ok(await isThere('/v2/tag/manifests/two'));
  assert.equal((await pullImage(holdfast.url, 'tag', digest)).digest, digest);
  const list = await holdfast.fetch('/v2/tag/tags/list');
  assert.deepEqual(await list.json(), { name: 'tag', tags: ['two'] });
});

test('a digest goes with every tag that points at it, and with no other', async () => {
  const { digest, manifest } = await pushSample(holdfast, 'digest', 'one');
  for (const tag of ['two', 'three']) await putManifest(holdfast, 'digest', tag, manifest);
  const other = await pushSample(holdfast, 'digest', 'other', 'other');
  await remove(`/v2/digest/manifests/${digest}`);
  for (const reference of [digest, 'one', 'two', 'three']) {
    await assertGone(`/v2/digest/manifests/${reference}`, 'MANIFEST_UNKNOWN');
  }
  const list = await holdfast.fetch('/v2/digest/tags/list');
  assert.deepEqual(await list.json(), { name: 'digest', tags: ['other'] });
  assert.equal((await pullImage(holdfast.url, 'digest', 'other')).digest, other.digest);
});

test('an index goes without its children, and a child without its index', async () => {
  const { digest, manifest } = await pushSample(holdfast, 'children', undefined);
  const index = Buffer.from(JSON.stringify(indexOf([manifest])));
  await putManifest(holdfast, 'children', 'all', index, MediaType.ociIndex);
  await remove(`/v2/children/manifests/${digest}`);
  await assertGone(`/v2/children/manifests/${digest}`, 'MANIFEST_UNKNOWN');
  assert.ok(await isThere('/v2/children/manifests/all'));
  await putManifest(holdfast, 'children', digest, manifest);
  await remove(`/v2/children/manifests/${digestOf(index)}`);
  await assertGone('/v2/children/manifests/all', 'MANIFEST_UNKNOWN');
  assert.ok(await isThere(`/v2/children/manifests/${digest}`));
});

test('a blob goes from its repository only', async () => {
  const content = madeUpBytes('shared', 4_000);
  const digest = await pushBlob(holdfast, 'blob-one', content);
  await pushBlob(holdfast, 'blob-two', content);
  await remove(`/v2/blob-one/blobs/${digest}`);
  await assertGone(`/v2/blob-one/blobs/${digest}`, 'BLOB_UNKNOWN');
  await getVerified(`${holdfast.url}/v2/blob-two/blobs/${digest}`, digest);
  await remove(`/v2/blob-two/blobs/${digest}`);
  await assertGone(`/v2/blob-two/blobs/${digest}`, 'BLOB_UNKNOWN');
});

test('a blob may go while a manifest names it, and come back', async () => {
  const { layer } = await pushSample(holdfast, 'named', 'v1');
  await remove(`/v2/named/blobs/${digestOf(layer)}`);
  assert.ok(await isThere('/v2/named/manifests/v1'));
  await pushBlob(holdfast, 'named', layer);
  await pullImage(holdfast.url, 'named', 'v1');
});

test('a blob that went is no longer good enough for a push', async () => {
  const { layer, manifest } = await pushSample(holdfast, 'again', 'v1');
  await remove(`/v2/again/blobs/${digestOf(layer)}`);
  const put = await putManifest(holdfast, 'again', 'v2', manifest);
  await refusal(put, 400, 'MANIFEST_BLOB_UNKNOWN');
});

test('a deleted image can be pushed again', async () => {
  for (const round of ['first', 'second']) {
    const { digest, config, layer } = await pushSample(holdfast, 'back', 'v1', 'same');
    assert.equal((await pullImage(holdfast.url, 'back', 'v1')).digest, digest, round);
    await remove(`/v2/back/manifests/${digest}`);
    for (const blob of [config, layer]) await remove(`/v2/back/blobs/${digestOf(blob)}`);
  }
});

test('a manifest that another repository has as well stays there', async () => {
  const { digest } = await pushSample(holdfast, 'left', 'v1', 'common');
  await pushSample(holdfast, 'right', 'v1', 'common');
  await remove(`/v2/left/manifests/${digest}`);
  assert.equal((await pullImage(holdfast.url, 'right', 'v1')).digest, digest);
});

test('a tag may be deleted and pointed elsewhere', async () => {
  await pushSample(holdfast, 'reused', 'v1', 'one');
  await remove('/v2/reused/manifests/v1');
  const { digest } = await pushSample(holdfast, 'reused', 'v1', 'two');
  assert.equal((await pullImage(holdfast.url, 'reused', 'v1')).digest, digest);
});

test('of many deletes of one digest at once, one is answered 202', async () => {
  const { digest } = await pushSample(holdfast, 'race', 'v1');
  const path = `/v2/race/manifests/${digest}`;
  const deletes = Array.from({ length: 6 }, () => holdfast.fetch(path, { method: 'DELETE' }));
  const statuses = (await Promise.all(deletes)).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 202).length, 1);
  assert.equal(statuses.filter((status) => status === 404).length, 5);
});

test('what was deleted stays so after a restart, and what was not stays, too', async (t) => {
  const dir = await temporaryDirectory(t);
  const first = await Holdfast.start({ dir });
  t.after(() => first.close());
  const { digest } = await pushSample(first, 'kept', 'v1', 'kept');
  const gone = await pushSample(first, 'kept', 'v2', 'gone');
  await first.fetch(`/v2/kept/manifests/${gone.digest}`, { method: 'DELETE' });
  await first.close();
  const again = await Holdfast.start({ dir });
  t.after(() => again.close());
  assert.equal((await send(again, 'HEAD', '/v2/kept/manifests/v2')).status, 404);
  assert.equal((await pullImage(again.url, 'kept', 'v1')).digest, digest);
});
