import assert from 'node:assert/strict';
import { appendFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ask, startMirror, storedFiles, untilHeld } from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const SIZE = 200_000;
const BLOBS = /\/blobs\//;

/** `library/app:1`, held, and the file of its layer. */
async function start(t: TestContext) {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [SIZE] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const digest = image.layerDigests[0] ?? '';
  const path = `/v2/library/app/blobs/${digest}`;
  await pullImage(holdfast.url, 'library/app', '1');
  await untilHeld(holdfast, path);
  const files = await storedFiles(holdfast);
  const file = files.find((name) => name.endsWith(digest.slice('sha256:'.length))) ?? '';
  upstream.clear();
  return { upstream, holdfast, image, layer, path, file: join(holdfast.dir, file) };
}

const DAMAGES: Readonly<Record<string, (file: string) => Promise<void>>> = {
  'was cut short': (file) => truncate(file, SIZE / 2),
  'is empty': (file) => truncate(file, 0),
  'has grown': (file) => appendFile(file, 'x'),
  'is gone': (file) => rm(file),
};

for (const [what, damage] of Object.entries(DAMAGES)) {
  test(`a blob whose file ${what} is fetched again, once, and is whole`, async (t) => {
    const { upstream, holdfast, layer, path, file } = await start(t);
    await damage(file);
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(holdfast, path)));
    assert.ok(replies.every(({ status, body }) => status === 200 && body.equals(layer)));
    assert.equal(upstream.count('GET', BLOBS), 1);
    await untilHeld(holdfast, path);
    assert.equal((await stat(file)).size, SIZE);
    assert.equal((await ask(holdfast, path)).cache, 'holdfast; hit');
  });

  test(`a HEAD or a range of a blob whose file ${what} tells no lie`, async (t) => {
    const { holdfast, layer, path, file } = await start(t);
    await damage(file);
    const head = await ask(holdfast, path, { method: 'HEAD' });
    assert.equal(head.headers.get('content-length'), String(SIZE));
    assert.equal(head.cache, 'holdfast; fwd=uri-miss');
    const range = await ask(holdfast, path, { headers: { range: 'bytes=150000-' } });
    assert.equal(range.status, 206);
    assertSameBytes(range.body, layer.subarray(150_000));
  });

  test(`a blob whose file ${what} is a 502 while upstream is gone, and the rest of the image is served`, async (t) => {
    const { upstream, holdfast, path, file, image } = await start(t);
    await damage(file);
    await upstream.stop();
    const reply = await ask(holdfast, path);
    assert.deepEqual([reply.status, reply.code], [502, 'UNKNOWN']);
    const config = await ask(holdfast, `/v2/library/app/blobs/${image.configDigest}`);
    assert.deepEqual(config.body, image.config);
    await upstream.restart();
    holdfast.clock.advance(60_000);
    assert.equal((await ask(holdfast, path)).status, 200);
  });
}
