import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { SmallBlobs } from '../../src/registry/small-blobs.ts';
import type { Bytes, ByteSpan } from '../../src/store/blob-store.ts';
import { MemoryBlobStore } from '../../src/store/memory/memory-blob-store.ts';
import { chunksOf, contentOf } from '../contracts/bytes.ts';

async function holding(size: number) {
  const content = contentOf(size);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}` as Digest;
  const store = new MemoryBlobStore(systemClock);
  const writer = await store.create('upload-1');
  await writer.append(chunksOf(content));
  await writer.commit({ digest });
  let opened = 0;
  const open = (one: Digest, span?: ByteSpan): Promise<Bytes> => {
    opened += 1;
    return store.open(one, span);
  };
  const blobs = new SmallBlobs({ open });
  return { content, read: () => blobs.read({ digest, size }), opened: () => opened };
}

test('a small blob is read from the store once, and then from memory', async () => {
  const { content, read, opened } = await holding(100_000);
  for (let time = 0; time < 3; time += 1)
    assert.deepEqual(Buffer.from((await read()) ?? []), content);
  assert.equal(opened(), 1);
});

test('a large blob and an empty one are not for memory', async () => {
  for (const size of [1_000_000, 0]) {
    const { read, opened } = await holding(size);
    assert.equal(await read(), undefined);
    assert.equal(opened(), 0);
  }
});
