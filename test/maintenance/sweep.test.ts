import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sweep } from '../../src/maintenance/sweep.ts';
import { MemoryBlobStore } from '../../src/store/memory/memory-blob-store.ts';
import { MemoryMetadataStore } from '../../src/store/memory/memory-metadata-store.ts';
import { DAY } from '../helpers/mirror.ts';
import { chunksOf, contentOf } from '../contracts/bytes.ts';

test('a fill that is taken up while the sweep looks stays, and the others are looked at', async () => {
  const clock = { time: DAY, now: () => clock.time };
  const blobs = new MemoryBlobStore(clock);
  for (const id of ['fill-1', 'fill-2']) {
    const writer = await blobs.create(id);
    await writer.append(chunksOf(contentOf(1_000)));
    await writer.suspend();
  }
  clock.time += 2 * DAY;
  const list = blobs.listUnfinished.bind(blobs);
  blobs.listUnfinished = async function* () {
    for await (const one of list()) {
      if (one.id === 'fill-1') await blobs.resume('fill-1');
      yield one;
    }
  };
  const swept = await sweep({
    metadata: new MemoryMetadataStore(),
    blobs,
    clock,
    expireUploads: async () => 0,
    uploadMaxAge: DAY,
  });
  assert.deepEqual(swept, { uploads: 0, unfinished: 1 });
  assert.equal(await blobs.resume('fill-2'), undefined);
});
