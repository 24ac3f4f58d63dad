/** What every blob store promises of the blobs that it holds. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import {
  BlobNotFoundError,
  type BlobStore,
  SizeMismatchError,
} from '../../src/store/blob-store.ts';
import { chunksOf, collect, contentOf } from './bytes.ts';
import type { OpenBlobStore } from './open-stores.ts';

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

export function committedBlobsContract(name: string, openStore: OpenBlobStore): void {
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

    it('sets a blob aside: absent from then on, until it is written again', async (t) => {
      const store = await openStore(t);
      await keep(store, SMALL);
      await store.setAside(digestOf(SMALL));
      await store.setAside(digestOf(SMALL));
      await store.setAside(DIGEST);
      assert.equal(await store.stat(digestOf(SMALL)), undefined);
      assert.deepEqual(await all(store.list()), []);
      await assert.rejects(store.open(digestOf(SMALL)), BlobNotFoundError);
      await keep(store, SMALL);
      assert.ok(SMALL.equals(await collect(await store.open(digestOf(SMALL)))));
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
}
