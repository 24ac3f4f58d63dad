import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import type { Digest } from '../../src/oci/digest.ts';
import { SmallBlobs } from '../../src/registry/small-blobs.ts';
import type { Bytes, ByteSpan } from '../../src/store/blob-store.ts';
import { MemoryBlobStore } from '../../src/store/memory/memory-blob-store.ts';
import { chunksOf, collect, contentOf } from '../contracts/bytes.ts';

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
  const read = async (span?: ByteSpan): Promise<Buffer> =>
    collect(await blobs.open(digest, size, span));
  return { content, read, opened: () => opened };
}

test('a small blob is read from the store once, and then from memory, also in spans', async () => {
  const { content, read, opened } = await holding(100_000);
  assert.deepEqual(await read({ start: 5, end: 50_000 }), content.subarray(5, 50_000));
  assert.deepEqual(await read(), content);
  assert.deepEqual(await read({ start: 99_999, end: 100_000 }), content.subarray(99_999));
  assert.equal(opened(), 1);
});

test('a large blob is read from the store every time', async () => {
  const { content, read, opened } = await holding(1_000_000);
  assert.deepEqual(await read({ start: 5, end: 50_000 }), content.subarray(5, 50_000));
  assert.deepEqual(await read(), content);
  assert.equal(opened(), 2);
});

test('an empty blob is empty every time', async () => {
  const { read } = await holding(0);
  assert.equal((await read()).length, 0);
  assert.equal((await read()).length, 0);
});
