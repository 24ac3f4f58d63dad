/** What every blob store promises to those who write: appends, digests, sizes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { DigestMismatchError } from '../../src/store/blob-store.ts';
import { chunksOf, collect, contentOf, failingAfter, Feed } from './bytes.ts';
import type { OpenBlobStore } from './open-stores.ts';

const LARGE = contentOf(9_000_001, 'large');
const DIGEST = digestOf(LARGE);
const SMALL = contentOf(1_000, 'small');

async function all<T>(listing: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of listing) found.push(one);
  return found;
}

export function blobAppendContract(name: string, openStore: OpenBlobStore): void {
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
}
