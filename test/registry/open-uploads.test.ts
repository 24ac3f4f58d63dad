import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { OpenUploads, SupersededError } from '../../src/registry/open-uploads.ts';
import { DiskBlobStore } from '../../src/store/disk/disk-blob-store.ts';
import { MemoryBlobStore } from '../../src/store/memory/memory-blob-store.ts';
import { eventually } from '../helpers/eventually.ts';
import { temporaryDirectory } from '../helpers/mirror.ts';

const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

test(
  'sessions that are only looked at keep no more files open than those that are written to',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const blobs = await DiskBlobStore.open({ dir: await temporaryDirectory(t) });
    const uploads = new OpenUploads(blobs, systemClock);
    t.after(async () => {
      await uploads.close();
      await blobs.close();
    });
    const before = await descriptors();
    for (let number = 0; number < 400; number++) {
      assert.equal(await uploads.peek(`session-${number}`, 'sha256', ({ size }) => size), 0);
    }
    assert.ok((await descriptors()) - before < 300);
  },
);

test('a body is waited for as long as it grows, and ended when it does not', async (t) => {
  const looks = { time: 0, count: 0 };
  const clock = {
    now: () => {
      looks.count += 1;
      return looks.time;
    },
  };
  const looked = (): Promise<void> => {
    const before = looks.count;
    return eventually('it has looked', () => looks.count > before);
  };
  const uploads = new OpenUploads(new MemoryBlobStore(systemClock), clock);
  t.after(() => uploads.close());
  const body = new PassThrough();
  const first = uploads.use('session', 'sha256', (_, receive) => receive(body));
  const ended = assert.rejects(first, SupersededError);
  const second = uploads.use('session', 'sha256', ({ size }) => Promise.resolve(size));
  for (let piece = 1; piece <= 4; piece += 1) {
    body.write('x');
    await eventually('it has grown', async () => {
      return (await uploads.peek('session', 'sha256', ({ size }) => size)) === piece;
    });
    await looked();
    looks.time += 4_000;
  }
  await looked();
  looks.time += 4_000;
  await ended;
  assert.equal(await second, 4);
});
