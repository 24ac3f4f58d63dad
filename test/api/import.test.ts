/** `POST /api/v1/import`: an archive in one request, all of it or nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { IMPORT_TYPE, importDone, importLine } from '../../src/api/import.ts';
import { errorsAnswer } from '../../src/api/common.ts';
import {
  dockerHybrid,
  dockerSave,
  makeImage,
  manifestOf,
  multiPlatform,
  ociArchive,
  sha256,
} from '../archive/make-image.ts';
import { makeTar } from '../archive/make-tar.ts';
import { as, startWithAccounts } from '../auth/signing-in.ts';
import { eventually } from '../helpers/eventually.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { reply, startHoldfast, startMirror, storedFiles } from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import type { Server } from '../spec/pushing.ts';

// Larger than what is held in memory, and longer than the steps of the progress.
const image = makeImage('app', { bytes: 20_000_000 });
const tar = makeTar(dockerSave(image));
const DIGEST = `sha256:${sha256(manifestOf(image))}`;
const NOTHING = { repositories: [] };

function post(server: Server, body: Buffer, query = '', headers: Record<string, string> = {}) {
  return server.fetch(`/api/v1/import${query}`, {
    method: 'POST',
    body,
    headers: { 'content-type': IMPORT_TYPE, ...headers },
  });
}

/** The lines of an answer, each checked against its shape; the last one apart. */
async function linesOf(response: Response) {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
  const values = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  const last = values.pop();
  return { progress: values.map((value) => importLine.parse(value)), last };
}

async function catalog(holdfast: Holdfast): Promise<unknown> {
  return (await holdfast.fetch('/v2/_catalog')).json();
}

test('an archive becomes a repository, and the answer tells how far it is', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const { progress, last } = await linesOf(await post(holdfast, tar));
  assert.deepEqual(importDone.parse(last), {
    done: true,
    images: [{ digest: DIGEST, pushed: ['team/app:1'], missing: [], referrers: 0 }],
  });
  assert.deepEqual(progress.at(-1), { received: tar.byteLength, blobs: 3 });
  assert.ok(progress.length > 3, 'it tells of bytes before it tells of blobs');
  assert.equal((await pullImage(holdfast.url, 'team/app', '1')).digest, DIGEST);
  assert.deepEqual(
    (await storedFiles(holdfast)).filter((path) => path.startsWith('unfinished/')),
    [],
  );
});

for (const [what, body, query, name, digest] of [
  ['with gzip around it', gzipSync(tar), '?to=team/other:2', 'team/other', DIGEST],
  ['as Docker since 25 saves it', makeTar(dockerHybrid(image)), '', 'team/app', DIGEST],
  [
    'as skopeo writes it',
    makeTar(ociArchive(image)),
    '?to=team/app',
    'team/app',
    `sha256:${sha256(manifestOf(image, '+gzip'))}`,
  ],
] as const) {
  test(`an archive ${what}`, async (t) => {
    const holdfast = await startHoldfast(t, {});
    const { last } = await linesOf(await post(holdfast, body, query));
    const [first] = importDone.parse(last).images;
    assert.equal(first?.digest, digest);
    const tag = first?.pushed[0]?.split(':')[1] ?? '';
    assert.equal((await pullImage(holdfast.url, name, tag)).digest, digest);
  });
}

test('two repositories share their layers, and what lacks a platform tells of it', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const twice = makeTar(dockerSave(image, ['team/one:1', 'team/two:1']));
  const { last } = await linesOf(await post(holdfast, twice));
  assert.deepEqual(importDone.parse(last).images[0]?.pushed, ['team/one:1', 'team/two:1']);
  for (const name of ['team/one', 'team/two']) await pullImage(holdfast.url, name, '1');
  assert.equal((await storedFiles(holdfast)).length, 3);
  const part = makeTar(multiPlatform(['amd64', 'riscv64']).members);
  const lacking = await linesOf(await post(holdfast, part));
  assert.deepEqual(importDone.parse(lacking.last).images[0]?.missing, ['linux/arm64']);
});

const DAMAGED = Buffer.from(tar);
DAMAGED[3_000_000] = (DAMAGED[3_000_000] ?? 0) + 1;

for (const [what, body, query, message] of [
  ['that is damaged', DAMAGED, '', /has the digest/],
  ['that is damaged, for a repository', DAMAGED, '?to=team/app:1', /has the digest/],
  ['that is cut', tar.subarray(0, 15_000_000), '', /cut short/],
] as const) {
  test(`an archive ${what} tags nothing and leaves nothing`, async (t) => {
    const holdfast = await startHoldfast(t, {});
    // It fails after the first lines have gone out.
    const { last } = await linesOf(await post(holdfast, body, query));
    assert.match(errorsAnswer.parse(last).errors[0]?.message ?? '', message);
    assert.deepEqual(await catalog(holdfast), NOTHING);
    assert.deepEqual(await storedFiles(holdfast), []);
  });
}

test('a failure before the first line has a status of its own', async (t) => {
  const { holdfast } = await startMirror(t);
  const small = makeTar(dockerSave(makeImage('small')));
  for (const [body, query, headers, status, code] of [
    [Buffer.from('no archive at all, whatever it is called'), '', {}, 400, 'BLOB_UPLOAD_INVALID'],
    [makeTar([{ name: '../x', content: '' }]), '', {}, 400, 'BLOB_UPLOAD_INVALID'],
    [small, '?to=Not+A+Name', {}, 400, 'NAME_INVALID'],
    [small, '?to=docker.io/team/app:1', {}, 403, 'DENIED'],
    [small, '', { 'content-type': 'application/json' }, 415, 'UNSUPPORTED'],
    [small, '', { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED'],
    [small, '', { origin: 'https://evil.example' }, 403, 'DENIED'],
  ] as const) {
    const answer = await reply(await post(holdfast, body, query, headers));
    assert.deepEqual([answer.status, answer.code], [status, code]);
  }
  assert.deepEqual(await catalog(holdfast), NOTHING);
});

test('a client that leaves in the middle leaves nothing', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const upload = request(`${holdfast.url}/api/v1/import`, {
    method: 'POST',
    headers: { 'content-type': IMPORT_TYPE, 'content-length': tar.byteLength },
  });
  upload.on('error', () => undefined);
  upload.write(tar.subarray(0, 10_000_000));
  await eventually('something of it is here', async () => (await storedFiles(holdfast)).length > 0);
  upload.destroy();
  await eventually('nothing of it is here', async () => (await storedFiles(holdfast)).length === 0);
  assert.deepEqual(await catalog(holdfast), NOTHING);
});

test('an import goes on for a client that reads nothing, and its result is there when it does', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const upload = request(`${holdfast.url}/api/v1/import`, {
    method: 'POST',
    headers: { 'content-type': IMPORT_TYPE, 'content-length': tar.byteLength },
  });
  const answered = once(upload, 'response');
  upload.end(tar);
  await eventually('it is imported', async () => {
    const response = await holdfast.fetch('/v2/team/app/manifests/1', { method: 'HEAD' });
    return response.status === 200;
  });
  const [answer] = (await answered) as [IncomingMessage];
  const text = Buffer.concat(await (answer.toArray() as Promise<Buffer[]>)).toString();
  const { images } = importDone.parse(JSON.parse(text.trimEnd().split('\n').at(-1) ?? ''));
  assert.deepEqual(images[0]?.pushed, ['team/app:1']);
});

test('who may not push there may not import there, by whatever name it goes', async (t) => {
  const { holdfast } = await startWithAccounts(t, {
    accounts: ['owner', 'other'],
    auth: {
      rules: [
        { match: 'team/**', grant: { owner: ['push'] } },
        { match: 'other/**', grant: { other: ['push'] } },
      ],
    },
  });
  const nobody = await reply(await post(holdfast, tar));
  assert.equal(nobody.status, 401);
  const wrong = await reply(await post(as(holdfast, 'other'), tar, '?to=team/app:1'));
  assert.deepEqual([wrong.status, wrong.code], [403, 'DENIED']);
  const { last } = await linesOf(await post(as(holdfast, 'other'), tar));
  assert.equal(errorsAnswer.parse(last).errors[0]?.code, 'DENIED');
  assert.deepEqual(await storedFiles(holdfast), []);
  const right = await linesOf(await post(as(holdfast, 'owner'), tar));
  assert.equal(importDone.parse(right.last).images.length, 1);
});

test('where pushes are turned off, so are imports', async (t) => {
  const holdfast = await startHoldfast(t, { config: { push: { enabled: false } } });
  assert.equal((await post(holdfast, tar)).status, 405);
});

test('a fifth import at a time is told to wait, until one of the four has ended', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const uploads = Array.from({ length: 4 }, () => {
    const upload = request(`${holdfast.url}/api/v1/import`, {
      method: 'POST',
      headers: { 'content-type': IMPORT_TYPE },
    });
    upload.on('error', () => undefined);
    upload.write(tar.subarray(0, 100_000));
    return upload;
  });
  await eventually('four are running', async () => {
    return (await post(holdfast, Buffer.from('no archive'))).status === 429;
  });
  for (const upload of uploads) upload.destroy();
  await eventually('there is room again', async () => (await post(holdfast, tar)).status === 200);
});
