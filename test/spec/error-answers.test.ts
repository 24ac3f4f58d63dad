import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Holdfast } from '../helpers/holdfast.ts';
import { pushSample } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());
await pushSample(holdfast, 'known', 'v1');

const NONE = `sha256:${'0'.repeat(64)}`;
const SESSION = '00000000-0000-4000-8000-000000000000';

const refusals: [method: string, path: string, status: number, code: string][] = [
  ['GET', `/v2/none/manifests/v1`, 404, 'NAME_UNKNOWN'],
  ['GET', `/v2/none/manifests/${NONE}`, 404, 'NAME_UNKNOWN'],
  ['GET', `/v2/known/manifests/v2`, 404, 'MANIFEST_UNKNOWN'],
  ['GET', `/v2/known/manifests/${NONE}`, 404, 'MANIFEST_UNKNOWN'],
  ['GET', `/v2/none/blobs/${NONE}`, 404, 'NAME_UNKNOWN'],
  ['GET', `/v2/known/blobs/${NONE}`, 404, 'BLOB_UNKNOWN'],
  ['GET', `/v2/none/tags/list`, 404, 'NAME_UNKNOWN'],
  ['GET', `/v2/known/blobs/uploads/${SESSION}`, 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['PATCH', `/v2/known/blobs/uploads/${SESSION}`, 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['PUT', `/v2/known/blobs/uploads/${SESSION}?digest=${NONE}`, 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['DELETE', `/v2/known/blobs/uploads/${SESSION}`, 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['DELETE', `/v2/none/manifests/v1`, 404, 'NAME_UNKNOWN'],
  ['DELETE', `/v2/known/manifests/v2`, 404, 'MANIFEST_UNKNOWN'],
  ['DELETE', `/v2/known/manifests/${NONE}`, 404, 'MANIFEST_UNKNOWN'],
  ['DELETE', `/v2/none/blobs/${NONE}`, 404, 'NAME_UNKNOWN'],
  ['DELETE', `/v2/known/blobs/${NONE}`, 404, 'BLOB_UNKNOWN'],
  ['GET', '/v2/known/nothing', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/_oci/ext/discover', 404, 'NAME_UNKNOWN'],
  ['GET', '/v1/repositories/known/tags', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/known/manifests/', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/known/blobs/', 404, 'NAME_UNKNOWN'],
];

for (const [method, path, status, code] of refusals) {
  test(`${method} ${path} is refused with ${status} ${code}`, async () => {
    await refusal(await holdfast.fetch(path, { method }), status, code);
  });
}

for (const [method, path, status] of refusals.filter(([one]) => one === 'GET')) {
  test(`HEAD ${path} is refused with ${status} and no body`, async () => {
    assert.equal(method, 'GET');
    const head = await send(holdfast, 'HEAD', path);
    assert.deepEqual([head.status, await head.text()], [status, '']);
  });
}

const wrongMethods: [method: string, path: string, allowed: readonly string[]][] = [
  ['POST', '/v2/', ['GET', 'HEAD']],
  ['DELETE', '/v2/_catalog', ['GET', 'HEAD']],
  ['POST', '/v2/known/manifests/v1', ['DELETE', 'GET', 'HEAD', 'PUT']],
  ['PATCH', '/v2/known/manifests/v1', ['DELETE', 'GET', 'HEAD', 'PUT']],
  ['PUT', `/v2/known/blobs/${NONE}`, ['DELETE', 'GET', 'HEAD', 'PATCH', 'PUT']],
  ['POST', `/v2/known/tags/list`, ['GET', 'HEAD']],
  ['POST', `/v2/known/referrers/${NONE}`, ['GET', 'HEAD']],
  ['DELETE', `/v2/known/tags/list`, ['GET', 'HEAD']],
  ['PUT', `/v2/known/blobs/uploads/`, ['DELETE', 'GET', 'HEAD', 'POST']],
  ['POST', `/v2/known/blobs/uploads/${SESSION}`, ['DELETE', 'GET', 'HEAD', 'PATCH', 'PUT']],
];

for (const [method, path, allowed] of wrongMethods) {
  test(`${method} ${path} is refused with 405 and says what is allowed`, async () => {
    const response = await holdfast.fetch(path, { method });
    await refusal(response, 405, 'UNSUPPORTED');
    const told = (response.headers.get('allow') ?? '').split(', ').toSorted();
    for (const one of told) assert.ok(allowed.includes(one), `${one} is not allowed there`);
    assert.ok(!told.includes(method));
    assert.ok(told.length > 0);
  });
}

test('an unheard-of method is refused without an error of the server', async () => {
  for (const method of ['PROPFIND', 'LOCK']) {
    const response = await send(holdfast, method, '/v2/known/manifests/v1');
    assert.ok([405, 501].includes(response.status), String(response.status));
  }
});

test('a refusal carries nothing of the content that it is not about', async () => {
  const response = await holdfast.fetch(`/v2/known/blobs/${NONE}`, {
    headers: { Range: 'bytes=0-9' },
  });
  await refusal(response, 404, 'BLOB_UNKNOWN');
  for (const name of ['content-range', 'etag', 'docker-content-digest', 'cache-control']) {
    assert.equal(response.headers.get(name), null, name);
  }
});
