/** The grammar of names, and names made of the words that routes are made of. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { beginUpload, pushSample, uploadRange } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const NONE = `sha256:${'0'.repeat(64)}`;
const MAX = 'n'.repeat(255);

const names = [
  'a',
  '0',
  'library/app',
  'a/b/c/d/e/f/g/h',
  'a.b/c_d/e__f/g-h/i---j',
  '127.0.0.1/app',
  'blobs',
  'manifests',
  'tags',
  'tags/list',
  'uploads',
  'referrers',
  'blobs/uploads',
  'a/blobs/b',
  'a/manifests/b',
  'a/tags/list',
  'a/blobs/uploads',
  'a/blobs/uploads/b',
  'a/referrers/b',
  'manifests/manifests/manifests',
  'v2',
  'v2/v2',
  'healthz',
  MAX,
];

for (const name of names) {
  test(`"${name.slice(0, 40)}" can be pushed to, pulled from, listed and deleted`, async () => {
    const { digest, layer } = await pushSample(holdfast, name, 'v1');
    assert.equal((await pullImage(holdfast.url, name, 'v1')).digest, digest);

    const location = await beginUpload(holdfast, name);
    assert.equal(await uploadRange(holdfast, location), '0-0');
    assert.equal((await holdfast.fetch(location, { method: 'DELETE' })).status, 204);

    const tags = await holdfast.fetch(`/v2/${name}/tags/list`);
    assert.deepEqual(await tags.json(), { name, tags: ['v1'] });
    const referrers = await holdfast.fetch(`/v2/${name}/referrers/${digest}`);
    assert.equal(referrers.status, 200);
    await referrers.text();

    for (const path of [`manifests/v1`, `manifests/${digest}`, `blobs/${digestOf(layer)}`]) {
      const gone = await holdfast.fetch(`/v2/${name}/${path}`, { method: 'DELETE' });
      assert.equal(gone.status, 202, await gone.text());
      assert.equal((await send(holdfast, 'HEAD', `/v2/${name}/${path}`)).status, 404);
    }
  });
}

test('one repository is not another that it is the beginning of', async () => {
  const { digest } = await pushSample(holdfast, 'outer', 'v1');
  for (const name of ['oute', 'outer/inner', 'outer2']) {
    const head = await send(holdfast, 'HEAD', `/v2/${name}/manifests/${digest}`);
    assert.equal(head.status, 404);
  }
});

const invalid = [
  'App',
  'a/B',
  '-a',
  'a-',
  '.a',
  'a.',
  'a..b',
  'a___b',
  'a_-b',
  '_a',
  'a/_b',
  'a/-b',
  'a//b',
  'a b'.replace(' ', '%20'),
  'a%09',
  'a:b',
  'a@b',
  'a+b',
  'a%2Fb',
  'a%2fb',
  'a%5Cb',
  'a%00',
  'a%0d%0aX-Injected:1',
  '%C3%A4',
  '%E2%82%AC/a',
  'a\\b',
  'a;b',
  '..',
  'a/..',
  'a/../b',
  '../../../etc',
  '%2e%2e/%2e%2e/etc',
  '..%2f..%2fetc',
  '.',
  'a/./b',
  `${MAX}n`,
  `${'a/'.repeat(200)}a`,
];

const requests: [method: string, rest: string][] = [
  ['GET', 'manifests/v1'],
  ['GET', `manifests/${NONE}`],
  ['PUT', 'manifests/v1'],
  ['DELETE', 'manifests/v1'],
  ['GET', `blobs/${NONE}`],
  ['DELETE', `blobs/${NONE}`],
  ['POST', 'blobs/uploads/'],
  ['POST', `blobs/uploads/?digest=${digestOf(Buffer.alloc(0))}`],
  ['GET', 'blobs/uploads/00000000-0000-4000-8000-000000000000'],
  ['GET', 'tags/list'],
  ['GET', `referrers/${NONE}`],
];

for (const name of invalid) {
  test(`"${name.slice(0, 40)}" is no name, whatever is asked of it`, async () => {
    for (const [method, rest] of requests) {
      const answer = await send(holdfast, method, `/v2/${name}/${rest}`);
      await refusal(answer, 400, 'NAME_INVALID');
    }
  });
}

for (const path of [
  '/v2//manifests/v1',
  `/v2//blobs/${NONE}`,
  '/v2//tags/list',
  '/v2/manifests/v1',
]) {
  test(`${path} has no name at all`, async () => {
    const answer = await send(holdfast, 'GET', path);
    assert.ok([400, 404].includes(answer.status), String(answer.status));
    await refusal(answer, answer.status, answer.status === 400 ? 'NAME_INVALID' : 'NAME_UNKNOWN');
  });
}
