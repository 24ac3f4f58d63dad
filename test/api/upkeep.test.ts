/** Garbage collection and verification on demand. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gcAnswer, verifyDone, verifyProgress } from '../../src/api/upkeep.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { ask, DAY, startMirror, storedFiles } from '../helpers/mirror.ts';
import { pullImage, pushBlob, pushImage } from '../helpers/registry-client.ts';
import { post, postLines, send } from './api.ts';

/** Turns the bytes of a blob into others of the same length. */
async function damage(holdfast: Holdfast, digest: string, size: number): Promise<void> {
  const hex = digest.slice('sha256:'.length);
  await writeFile(join(holdfast.dir, 'blobs/sha256', hex.slice(0, 2), hex), Buffer.alloc(size, 1));
}

test('gc removes what nothing names, and tells what', async (t) => {
  const { holdfast } = await startMirror(t);
  await pushBlob(holdfast.url, 'team/app', Buffer.alloc(5_000, 1));
  await pushImage(holdfast.url, 'team/app', '1', [100]);
  const first = await post(holdfast, gcAnswer, '/gc', {});
  assert.equal(first.freedBytes, 0);
  holdfast.clock.advance(2 * DAY);
  const second = await post(holdfast, gcAnswer, '/gc', {});
  assert.deepEqual(second.collected, { links: 1, blobs: 1, bytes: 5_000 });
  assert.equal(second.freedBytes, 5_000);
});

test('verification tells how far it is, and that all is well', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1', { layers: [1_000] });
  await pullImage(holdfast.url, 'app', '1');
  await storedFiles(holdfast);
  const lines = await postLines(holdfast, '/verify', {});
  const done = verifyDone.strict().parse(lines.at(-1));
  assert.deepEqual([done.checked, done.total, done.damaged], [3, 3, []]);
  assert.ok(done.bytes > 1_000);
  for (const line of lines.slice(0, -1)) verifyProgress.strict().parse(line);
});

test('damaged mirrored content is dropped, or fetched again at once', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const image = upstream.addImage('library/app', '1', { layers: [1_000] });
  const [layer = ''] = image.layerDigests;
  await pullImage(holdfast.url, 'app', '1');
  await storedFiles(holdfast);
  const entry = { digest: layer, repositories: ['docker.io/library/app'], message: null };
  await damage(holdfast, layer, 1_000);
  const looked = verifyDone.parse((await postLines(holdfast, '/verify', {})).at(-1));
  assert.deepEqual(looked.damaged, [{ ...entry, action: 'dropped' }]);
  await pullImage(holdfast.url, 'app', '1');
  await storedFiles(holdfast);
  await damage(holdfast, layer, 1_000);
  const repaired = verifyDone.parse(
    (await postLines(holdfast, '/verify', { repair: true })).at(-1),
  );
  assert.deepEqual(repaired.damaged, [{ ...entry, action: 'fetched-again' }]);
  await damage(holdfast, layer, 1_000);
  await upstream.stop();
  const failed = verifyDone.parse((await postLines(holdfast, '/verify', { repair: true })).at(-1));
  assert.equal(failed.damaged[0]?.action, 'not-fetched');
  assert.notEqual(failed.damaged[0].message ?? '', '');
});

test('damaged hosted content has to be pushed again, which is told until it is', async (t) => {
  const { holdfast } = await startMirror(t);
  const layer = Buffer.alloc(3_000, 7);
  const digest = await pushBlob(holdfast.url, 'team/app', layer);
  await damage(holdfast, digest, 3_000);
  for (let round = 0; round < 2; round += 1) {
    const lines = await postLines(holdfast, '/verify', { repair: true });
    const { damaged } = verifyDone.parse(lines.at(-1));
    assert.deepEqual(damaged, [
      { digest, repositories: ['team/app'], action: 'push-again', message: null },
    ]);
  }
  await pushBlob(holdfast.url, 'team/app', layer);
  const { damaged } = verifyDone.parse((await postLines(holdfast, '/verify', {})).at(-1));
  assert.deepEqual(damaged, []);
  assert.equal((await ask(holdfast, `/v2/team/app/blobs/${digest}`)).status, 200);
});

test('a body that is not what it should be is refused', async (t) => {
  const { holdfast } = await startMirror(t);
  const answer = await send(holdfast, 'POST', '/verify', { body: { repair: 'yes' } });
  assert.deepEqual([answer.status, answer.code], [400, 'UNSUPPORTED']);
});
