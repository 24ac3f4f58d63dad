/** What every blob store promises of writes that end otherwise than by a commit, or later. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import {
  type BlobStore,
  WriterInUseError,
  WriterSuspendedError,
} from '../../src/store/blob-store.ts';
import { chunksOf, collect, contentOf, Feed } from './bytes.ts';
import type { OpenBlobStore } from './open-stores.ts';

const LARGE = contentOf(9_000_001, 'large');
const DIGEST = digestOf(LARGE);
const SMALL = contentOf(1_000, 'small');

async function all<T>(listing: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of listing) found.push(one);
  return found;
}

export function unfinishedWritesContract(name: string, openStore: OpenBlobStore): void {
  describe(`${name}: unfinished writes`, () => {
    it('takes a suspended write up again where it was', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      await writer.append(chunksOf(LARGE.subarray(0, 1_234_567)));
      await writer.suspend();
      const resumed = await store.resume('fill-1');
      assert.equal(resumed?.size, 1_234_567);
      await resumed.append(chunksOf(LARGE.subarray(1_234_567)));
      await resumed.commit({ digest: DIGEST, size: LARGE.length });
      assert.ok(LARGE.equals(await collect(await store.open(DIGEST))));
      assert.equal(await store.resume('fill-1'), undefined);
    });

    it('commits a resumed write that was whole already', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      await writer.append(chunksOf(LARGE));
      await writer.suspend();
      const resumed = await store.resume('fill-1', { algorithm: 'sha512' });
      await resumed?.commit({ digest: DIGEST });
      assert.equal((await store.stat(DIGEST))?.size, LARGE.length);
    });

    it('ends a running append when the write is suspended, and keeps what it had written', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      const feed = new Feed();
      feed.give(SMALL);
      const appending = writer.append(feed);
      const rejected = assert.rejects(appending, WriterSuspendedError);
      await writer.suspend();
      await rejected;
      const resumed = await store.resume('fill-1');
      assert.equal(resumed?.size, writer.size);
    });

    it('has nothing to resume after an abort', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      await writer.append(chunksOf(SMALL));
      await writer.abort(new Error('wrong bytes'));
      assert.equal(await store.resume('fill-1'), undefined);
      assert.deepEqual(await all(store.listUnfinished()), []);
    });

    it('drops what an earlier writer of the id left behind', async (t) => {
      const store = await openStore(t);
      await leave(store, 'fill-1', LARGE);
      const writer = await store.create('fill-1');
      assert.equal(writer.size, 0);
      await writer.append(chunksOf(SMALL));
      await writer.commit({ digest: digestOf(SMALL) });
    });

    it('lists the unfinished writes that no writer holds, until they are discarded', async (t) => {
      const store = await openStore(t);
      await leave(store, 'fill-1', LARGE);
      await store.create('fill-2');
      const [found, ...more] = await all(store.listUnfinished());
      assert.deepEqual([found?.id, found?.size, more.length], ['fill-1', LARGE.length, 0]);
      assert.ok(Number.isInteger(found?.modifiedAt));
      await store.discardUnfinished('fill-1');
      await store.discardUnfinished('fill-1');
      assert.deepEqual(await all(store.listUnfinished()), []);
      assert.equal(await store.resume('fill-1'), undefined);
    });

    it('begins anew a write that is taken up while it is discarded', async (t) => {
      const store = await openStore(t);
      await leave(store, 'fill-1', LARGE);
      const discarding = store.discardUnfinished('fill-1');
      const writer = (await store.resume('fill-1')) ?? (await store.create('fill-1'));
      await discarding;
      assert.equal(writer.size, 0);
      await writer.append(chunksOf(SMALL));
      await writer.commit({ digest: digestOf(SMALL) });
      assert.ok(SMALL.equals(await collect(await store.open(digestOf(SMALL)))));
    });

    it('gives one id to one writer at a time', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      await assert.rejects(store.create('fill-1'), WriterInUseError);
      await assert.rejects(store.resume('fill-1'), WriterInUseError);
      await assert.rejects(store.discardUnfinished('fill-1'), WriterInUseError);
      await writer.abort(new Error('over'));
      await store.create('fill-1');
    });

    it('lets a commit that has begun come before the abort', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      await writer.append(chunksOf(LARGE));
      const committing = writer.commit({ digest: DIGEST });
      await writer.abort(new Error('too late'));
      assert.deepEqual(await committing, { digest: DIGEST, size: LARGE.length });
      assert.ok(LARGE.equals(await collect(writer.follow({ start: 0 }))));
    });

    it('accepts nothing after the end, but ending again', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      await writer.append(chunksOf(SMALL));
      await writer.commit({ digest: digestOf(SMALL) });
      await assert.rejects(writer.append(chunksOf(SMALL)), /has ended/);
      await assert.rejects(writer.commit({ digest: digestOf(SMALL) }), /has ended/);
      await writer.abort(new Error('too late'));
      await writer.suspend();
      assert.equal((await store.stat(digestOf(SMALL)))?.size, SMALL.length);
    });

    it('keeps unfinished writes when the store is closed', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      await writer.append(chunksOf(SMALL));
      const follower = collect(writer.follow({ start: 0 }));
      const rejected = assert.rejects(follower, WriterSuspendedError);
      await store.close();
      await rejected;
      assert.equal((await store.resume('fill-1'))?.size, SMALL.length);
    });
  });
}

/** Leaves an unfinished write behind. */
async function leave(store: BlobStore, id: string, content: Uint8Array): Promise<void> {
  const writer = await store.create(id);
  await writer.append(chunksOf(content));
  await writer.suspend();
}
