/** What every blob store promises, whatever keeps its bytes. Following is in `blob-follow.contract.ts`. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import {
  BlobNotFoundError,
  type BlobStore,
  DigestMismatchError,
  SizeMismatchError,
  WriterInUseError,
  WriterSuspendedError,
} from '../../src/store/blob-store.ts';
import { chunksOf, collect, contentOf, failingAfter, Feed } from './bytes.ts';

/** Opens an empty store that is closed and gone after the test. */
export type OpenBlobStore = (t: TestContext) => Promise<BlobStore>;

const LARGE = contentOf(3_000_001, 'large');
const DIGEST = digestOf(LARGE);
const SMALL = contentOf(1_000, 'small');

async function keep(store: BlobStore, content: Uint8Array, id = 'upload-1'): Promise<void> {
  const writer = await store.create(id);
  await writer.append(chunksOf(content));
  await writer.commit({ digest: digestOf(content), size: content.length });
}

async function all<T>(listing: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of listing) found.push(one);
  return found;
}

export function blobStoreContract(name: string, openStore: OpenBlobStore): void {
  describe(`${name}: committed blobs`, () => {
    for (const content of [Buffer.alloc(0), SMALL, LARGE]) {
      it(`gives back a blob of ${content.length} bytes as it was written`, async (t) => {
        const store = await openStore(t);
        await keep(store, content);
        const digest = digestOf(content);
        const stat = { digest, size: content.length };
        assert.deepEqual(await store.stat(digest), stat);
        assert.deepEqual(await all(store.list()), [stat]);
        assert.ok(content.equals(await collect(await store.open(digest))));
      });
    }

    it('gives any span of a blob', async (t) => {
      const store = await openStore(t);
      await keep(store, LARGE);
      const spans = [
        { start: 0, end: 1 },
        { start: 99_999, end: 2_999_999 },
        { start: LARGE.length - 1, end: LARGE.length },
        { start: 7, end: 7 },
        { start: LARGE.length, end: LARGE.length },
      ];
      for (const span of spans) {
        const part = await collect(await store.open(DIGEST, span));
        assert.ok(LARGE.subarray(span.start, span.end).equals(part), JSON.stringify(span));
      }
    });

    it('refuses a span that ends behind the blob before a byte is read', async (t) => {
      const store = await openStore(t);
      await keep(store, SMALL);
      await assert.rejects(
        store.open(digestOf(SMALL), { start: 0, end: 1_001 }),
        SizeMismatchError,
      );
    });

    it('tells absent from held', async (t) => {
      const store = await openStore(t);
      assert.equal(await store.stat(DIGEST), undefined);
      await assert.rejects(store.open(DIGEST), BlobNotFoundError);
      assert.deepEqual(await all(store.list()), []);
    });

    it('forgets a deleted blob, and deletes an absent one without complaint', async (t) => {
      const store = await openStore(t);
      await keep(store, SMALL);
      await store.delete(digestOf(SMALL));
      await store.delete(digestOf(SMALL));
      assert.equal(await store.stat(digestOf(SMALL)), undefined);
    });

    it('lets a reader finish a blob that is deleted meanwhile', async (t) => {
      const store = await openStore(t);
      await keep(store, LARGE);
      const bytes = await store.open(DIGEST);
      await store.delete(DIGEST);
      assert.ok(LARGE.equals(await collect(bytes)));
    });

    it('takes the same blob again, also from two writers at once', async (t) => {
      const store = await openStore(t);
      await keep(store, LARGE);
      await Promise.all(['upload-2', 'upload-3'].map((id) => keep(store, LARGE, id)));
      assert.deepEqual(await all(store.list()), [{ digest: DIGEST, size: LARGE.length }]);
      assert.ok(LARGE.equals(await collect(await store.open(DIGEST))));
    });

    it('proves that it can be written to', async (t) => {
      const store = await openStore(t);
      await store.probe();
      assert.deepEqual(await all(store.listUnfinished()), []);
    });
  });

  describe(`${name}: digests`, () => {
    it('hashes with the algorithm that the writer was told', async (t) => {
      const store = await openStore(t);
      const digest = digestOf(LARGE, 'sha512');
      const writer = await store.create('upload-1', { algorithm: 'sha512' });
      await writer.append(chunksOf(LARGE));
      assert.deepEqual(await writer.commit({ digest }), { digest, size: LARGE.length });
      assert.ok(LARGE.equals(await collect(await store.open(digest))));
      assert.equal(await store.stat(DIGEST), undefined);
    });

    it('verifies another algorithm than the writer was told, at the commit', async (t) => {
      const store = await openStore(t);
      const digest = digestOf(LARGE, 'sha512');
      const writer = await store.create('upload-1');
      await writer.append(chunksOf(LARGE));
      const wrong = digestOf(SMALL, 'sha512');
      await assert.rejects(writer.commit({ digest: wrong }), DigestMismatchError);
      await writer.commit({ digest });
      assert.deepEqual(await all(store.list()), [{ digest, size: LARGE.length }]);
    });

    it('keeps a writer usable and unpublished after a mismatch', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('upload-1');
      await writer.append(chunksOf(LARGE.subarray(0, 1_000_000)));
      await assert.rejects(writer.commit({ digest: DIGEST }), {
        name: 'DigestMismatchError',
        expected: DIGEST,
        actual: digestOf(LARGE.subarray(0, 1_000_000)),
      });
      await assert.rejects(
        writer.commit({ digest: digestOf(LARGE.subarray(0, 1_000_000)), size: 5 }),
        { name: 'SizeMismatchError', expected: 5, actual: 1_000_000 },
      );
      assert.deepEqual(await all(store.list()), []);
      await writer.append(chunksOf(LARGE.subarray(1_000_000)));
      await writer.commit({ digest: DIGEST, size: LARGE.length });
      assert.ok(LARGE.equals(await collect(await store.open(DIGEST))));
    });
  });

  describe(`${name}: appends`, () => {
    it('keeps every byte that came before the source failed', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      const reason = new Error('connection reset');
      await assert.rejects(
        writer.append(failingAfter(LARGE.subarray(0, 2_000_000), reason)),
        reason,
      );
      assert.equal(writer.size, 2_000_000);
      await writer.append(chunksOf(LARGE.subarray(2_000_000)));
      await writer.commit({ digest: DIGEST });
    });

    it('stops waiting for the source when the signal aborts, and leaves the source', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('fill-1');
      const feed = new Feed();
      feed.give(new Uint8Array());
      feed.give(LARGE.subarray(0, 70_000));
      const stop = new AbortController();
      const appending = writer.append(feed, stop.signal);
      const reason = new Error('shutting down');
      await collect(writer.follow({ start: 0, end: 1 }));
      stop.abort(reason);
      await assert.rejects(appending, reason);
      assert.equal(writer.size, 70_000);
      assert.ok(feed.left);
      await assert.rejects(writer.append(chunksOf(SMALL), stop.signal), reason);
      await writer.append(chunksOf(LARGE.subarray(70_000)));
      await writer.commit({ digest: DIGEST });
    });

    it('takes chunks of any size, empty ones too', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('upload-1');
      const cuts = [0, 0, 1, 70_000, 70_000, 2_500_000, LARGE.length];
      for (const [index, start] of cuts.slice(0, -1).entries()) {
        await writer.append(chunksOf(LARGE.subarray(start, cuts[index + 1]), 2_000_000));
      }
      await writer.commit({ digest: DIGEST });
    });

    it('refuses a second append beside a running one', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('upload-1');
      const feed = new Feed();
      const appending = writer.append(feed);
      await assert.rejects(writer.append(chunksOf(SMALL)), /busy/);
      await assert.rejects(writer.commit({ digest: DIGEST }), /busy/);
      feed.end();
      await appending;
    });

    it('drops what is truncated, whole appends and parts of one', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('upload-1');
      await writer.append(chunksOf(LARGE.subarray(0, 1_000_000)));
      await writer.append(chunksOf(SMALL));
      await writer.truncate(1_000_000);
      assert.equal(writer.size, 1_000_000);
      await writer.append(chunksOf(contentOf(500_000, 'other')));
      await writer.append(chunksOf(contentOf(500_000, 'another')));
      await writer.truncate(1_800_000);
      await writer.truncate(1_200_000);
      await writer.append(chunksOf(SMALL));
      await writer.truncate(400_000);
      await writer.append(chunksOf(LARGE.subarray(400_000)));
      await writer.append(chunksOf(SMALL));
      await writer.truncate(LARGE.length);
      await writer.commit({ digest: DIGEST, size: LARGE.length });
      assert.ok(LARGE.equals(await collect(await store.open(DIGEST))));
    });

    it('drops the whole start of a write that another one follows', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('upload-1');
      await writer.append(chunksOf(contentOf(900_000, 'other')));
      await writer.append(chunksOf(SMALL));
      await writer.truncate(0);
      await writer.append(chunksOf(LARGE));
      await writer.commit({ digest: DIGEST, size: LARGE.length });
    });

    it('refuses to truncate to more than there is', async (t) => {
      const store = await openStore(t);
      const writer = await store.create('upload-1');
      await assert.rejects(writer.truncate(1), RangeError);
    });
  });

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
