/** What the configuration turns off: pushes, deletes, and what somebody without an account may do. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { pushSample, sample } from './pushing.ts';
import { refusal } from './refusal.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { send } from './wire.ts';

const IMAGE = sample('switches');
const LAYER = digestOf(IMAGE.layer);
const SESSION = '00000000-0000-4000-8000-000000000000';

const pushes: [method: string, path: string][] = [
  ['POST', '/v2/app/blobs/uploads/'],
  ['POST', `/v2/app/blobs/uploads/?mount=${LAYER}&from=app`],
  ['POST', `/v2/app/blobs/uploads/?digest=${LAYER}`],
  ['GET', `/v2/app/blobs/uploads/${SESSION}`],
  ['PATCH', `/v2/app/blobs/uploads/${SESSION}`],
  ['PUT', `/v2/app/blobs/uploads/${SESSION}?digest=${LAYER}`],
  ['DELETE', `/v2/app/blobs/uploads/${SESSION}`],
  ['PUT', '/v2/app/manifests/v2'],
];
const deletes: [method: string, path: string][] = [
  ['DELETE', '/v2/app/manifests/v1'],
  ['DELETE', `/v2/app/manifests/${IMAGE.digest}`],
  ['DELETE', `/v2/app/blobs/${LAYER}`],
];
const pulls: [method: string, path: string][] = [
  ['GET', '/v2/'],
  ['GET', '/v2/app/manifests/v1'],
  ['GET', `/v2/app/blobs/${LAYER}`],
  ['GET', '/v2/app/tags/list'],
  ['GET', '/v2/_catalog'],
  ['GET', `/v2/app/referrers/${IMAGE.digest}`],
];

/** A server that holds an image which was pushed before it was started with `config`. */
async function started(t: TestContext, config: object): Promise<Holdfast> {
  const dir = await temporaryDirectory(t);
  const open = await Holdfast.start({ dir });
  t.after(() => open.close());
  await pushSample(open, 'app', 'v1', 'switches');
  await open.close();
  const closed = await Holdfast.start({ dir, config });
  t.after(() => closed.close());
  return closed;
}

async function assertRefused(
  holdfast: Holdfast,
  requests: readonly (readonly [string, string])[],
  status: number,
  code: string,
): Promise<void> {
  for (const [method, path] of requests) {
    const answer = await send(holdfast, method, path);
    await refusal(answer, status, code);
    const challenge = answer.headers.get('www-authenticate');
    assert.equal(challenge !== null, status === 401, `${method} ${path}`);
    // RFC 9110 §15.5.6: a 405 must tell what is allowed, if only nothing.
    if (status !== 405) continue;
    const allowed = answer.headers.get('allow') ?? method;
    assert.ok(!allowed.split(', ').includes(method), `${method} ${path}: ${allowed}`);
  }
}

test('with pushes turned off, pulls go on and everything else is 405', async (t) => {
  const holdfast = await started(t, { push: { enabled: false } });
  await assertRefused(holdfast, [...pushes, ...deletes], 405, 'UNSUPPORTED');
  assert.equal((await pullImage(holdfast.url, 'app', 'v1')).digest, IMAGE.digest);
});

test('with deletes turned off, pushes go on and deletes are 405', async (t) => {
  const holdfast = await started(t, { push: { delete: false } });
  await assertRefused(holdfast, deletes, 405, 'UNSUPPORTED');
  await pushSample(holdfast, 'app', 'v2', 'another');
  assert.equal((await pullImage(holdfast.url, 'app', 'v1')).digest, IMAGE.digest);
});

test('with deletes turned off, an upload can be cancelled all the same', async (t) => {
  const holdfast = await started(t, { push: { delete: false } });
  const post = await holdfast.fetch('/v2/app/blobs/uploads/', { method: 'POST' });
  const location = post.headers.get('location') ?? '';
  assert.equal((await holdfast.fetch(location, { method: 'DELETE' })).status, 204);
});

test('somebody who may only pull is refused everything else with 403', async (t) => {
  const holdfast = await started(t, { auth: { anonymous: 'pull' } });
  await assertRefused(holdfast, [...pushes, ...deletes], 403, 'DENIED');
  assert.equal((await pullImage(holdfast.url, 'app', 'v1')).digest, IMAGE.digest);
});

test('somebody who may do nothing is asked who they are, everywhere under /v2', async (t) => {
  const holdfast = await started(t, { auth: { anonymous: 'none' } });
  await assertRefused(holdfast, [...pulls, ...pushes, ...deletes], 401, 'UNAUTHORIZED');
  for (const [, path] of pulls) {
    const head = await send(holdfast, 'HEAD', path);
    assert.deepEqual([head.status, await head.text()], [401, '']);
  }
  assert.equal((await holdfast.fetch('/healthz')).status, 200);
});

test('a challenge names its scheme and quotes its realm', async (t) => {
  const holdfast = await started(t, { auth: { anonymous: 'none' } });
  const answer = await holdfast.fetch('/v2/');
  assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic realm="[^"]+"$/);
  await answer.text();
});

test('what is turned off is so for a large body, too, and the connection goes on', async (t) => {
  const holdfast = await started(t, { push: { enabled: false } });
  const body = Buffer.alloc(3_000_000);
  for (const [method, path] of pushes.filter(([one]) => one !== 'GET')) {
    await refusal(await holdfast.fetch(path, { method, body }), 405, 'UNSUPPORTED');
  }
  assert.equal((await holdfast.fetch('/v2/')).status, 200);
});
