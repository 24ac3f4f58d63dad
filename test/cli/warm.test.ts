/** `holdfast warm`, as a shell sees it. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startMirror, storedFiles, temporaryDirectory } from '../helpers/mirror.ts';
import { HOLDFAST, runProcess } from './process.ts';
import { ran } from './terminal.ts';

async function start(t: TestContext) {
  const mirror = await startMirror(t);
  for (const tag of ['1', '2', 'latest']) mirror.upstream.addImage('library/app', tag);
  const command = (args: readonly string[], input = '') =>
    runProcess([...HOLDFAST, 'warm', ...args], { HOLDFAST_SERVER: mirror.holdfast.url }, input);
  return { ...mirror, command };
}

test('images are fetched, and what comes of each is told', async (t) => {
  const { holdfast, command } = await start(t);
  const { code, out, err } = await command(['app', 'app:1']);
  assert.equal(code, 0, err);
  assert.match(out, /^2 of 2 images are here, \d/);
  assert.match(err, /^app:latest\n/m);
  assert.match(err, /^app:1: done, /m);
  assert.ok((await storedFiles(holdfast)).length > 0);
});

test('a list comes from a file or stdin, with comments', async (t) => {
  const { command } = await start(t);
  const list = '# the base images\napp:1 # old\n\n  app:2\n';
  const file = join(await temporaryDirectory(t), 'images.txt');
  await writeFile(file, list);
  for (const result of [await command(['-f', file]), await command(['-f', '-'], list)]) {
    assert.equal(result.code, 0, result.err);
    assert.match(result.out, /^2 of 2 images are here/);
  }
});

test('an image that fails makes it fail, after the others', async (t) => {
  const { command } = await start(t);
  const { code, out, err } = await command(['missing:1', 'app:1', '--json']);
  assert.equal(code, 1);
  assert.match(err, /^missing:1: failed: /m);
  assert.match(err, /^holdfast: 1 of 2 failed$/m);
  const answer = JSON.parse(out) as { failed: number; images: { image: string; state: string }[] };
  assert.equal(answer.failed, 1);
  const states = answer.images.map(({ image, state }) => `${image} ${state}`).toSorted();
  assert.deepEqual(states, ['app:1 done', 'missing:1 failed']);
});

test('platforms are passed on', async (t) => {
  const { upstream, holdfast, command } = await start(t);
  const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
  const children = platforms.map((platform, index) => {
    const { manifestDigest: digest } = upstream.addImage('library/multi', undefined, {
      platform,
      layers: [100 + index],
    });
    return { digest, platform };
  });
  upstream.addIndex('library/multi', '1', children);
  const { code, err } = await command(['multi:1', '--platform', 'linux/arm64']);
  assert.equal(code, 0, err);
  assert.equal((await storedFiles(holdfast)).length, 2);
});

test('a glob is told with what it matches, and its images are counted', async (t) => {
  const { upstream, command } = await start(t);
  const { code, out, err } = await command(['app:[12]', 'app:1']);
  assert.equal(code, 0, err);
  assert.match(err, /^app:\[12\]: 2 tags match$/m);
  assert.match(out, /^2 of 2 images are here/);
  assert.ok(upstream.count('GET', /referrers/) > 0);
  upstream.clear();
  const without = await command(['app:?', '--no-referrers', '--json']);
  assert.equal(without.code, 0, without.err);
  const { images } = JSON.parse(without.out) as { images: { image: string }[] };
  assert.deepEqual(images.map(({ image }) => image).toSorted(), ['app:1', 'app:2']);
  assert.equal(upstream.count('GET', /referrers/), 0);
});

test('wrong usage is told without asking a server', async () => {
  const none = await ran(['warm']);
  assert.equal(none.code, 2);
  assert.match(none.err, /name an image, or a list with --file/);
  const platform = await ran(['warm', 'app:1', '--platform', 'linux']);
  assert.equal(platform.code, 2);
  assert.match(platform.err, /OS\/ARCHITECTURE/);
});
