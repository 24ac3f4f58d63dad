/** What every metadata store promises of blobs: held or not, and who may serve them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  blob,
  child,
  commitOf,
  digest,
  hosted,
  manifestDigest,
  mirrored,
} from './metadata-fixtures.ts';
import type { OpenMetadataStore } from './open-stores.ts';

const HOSTED = hosted('team/app');
const OTHER = hosted('team/other');
const MIRRORED = mirrored('docker.io', 'library/node');
const A = digest('a');

export function blobRecordsContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: blobs`, () => {
    it('serves a blob only through a repository that refers to it', async (t) => {
      const store = await openStore(t);
      await store.recordBlob(HOSTED, { digest: A, size: 10 }, 1);
      assert.deepEqual(await store.findBlob(HOSTED, A), { digest: A, size: 10 });
      assert.equal(await store.findBlob(OTHER, A), undefined);
      assert.deepEqual(await store.findHeldBlob(A), { digest: A, size: 10 });
      assert.equal(await store.linkBlob(OTHER, A, 2), true);
      assert.deepEqual(await store.findBlob(OTHER, A), { digest: A, size: 10 });
    });

    it('links nothing that is not held', async (t) => {
      const store = await openStore(t);
      assert.equal(await store.linkBlob(HOSTED, A, 1), false);
      assert.equal(await store.findBlobReference(HOSTED, A), undefined);
    });

    it('gives a mirrored repository no blob that its manifest merely names', async (t) => {
      const store = await openStore(t);
      await store.commitManifest(
        commitOf(MIRRORED, 'm', { references: [blob('a', 10), child('c')] }),
      );
      assert.equal(await store.findBlob(MIRRORED, A), undefined);
      assert.deepEqual(await store.findBlobReference(MIRRORED, A), { size: 10 });
      assert.equal(await store.findBlobReference(MIRRORED, manifestDigest('c')), undefined);
      await store.recordBlob(OTHER, { digest: A, size: 10 }, 1);
      assert.equal(await store.findBlob(MIRRORED, A), undefined);
    });

    it('gives a hosted repository no blob that its manifest merely names', async (t) => {
      const store = await openStore(t);
      await store.recordBlob(OTHER, { digest: A, size: 10 }, 1);
      await store.commitManifest(commitOf(HOSTED, 'm', { references: [blob('a', 10)] }));
      assert.equal(await store.findBlob(HOSTED, A), undefined);
      assert.deepEqual(await store.findBlobReference(HOSTED, A), { size: 10 });
      assert.equal(await store.findBlobReference(HOSTED, digest('b')), undefined);
    });

    it('trusts the size of a committed blob more than what a manifest says', async (t) => {
      const store = await openStore(t);
      await store.commitManifest(commitOf(MIRRORED, 'm', { references: [blob('a', 999)] }));
      await store.recordBlob(MIRRORED, { digest: A, size: 10 }, 1);
      await store.commitManifest(commitOf(MIRRORED, 'n', { references: [blob('a', 999)] }));
      assert.deepEqual(await store.findBlob(MIRRORED, A), { digest: A, size: 10 });
      assert.deepEqual(await store.findBlobReference(MIRRORED, A), { size: 10 });
    });

    it('forgets lost bytes, but not who refers to them', async (t) => {
      const store = await openStore(t);
      await store.recordBlob(MIRRORED, { digest: A, size: 10 }, 1);
      await store.forgetBlob(A);
      await store.forgetBlob(A);
      assert.equal(await store.findBlob(MIRRORED, A), undefined);
      assert.equal(await store.findHeldBlob(A), undefined);
      assert.deepEqual(await store.findBlobReference(MIRRORED, A), { size: 10 });
      await store.recordBlob(OTHER, { digest: A, size: 10 }, 2);
      assert.deepEqual(await store.findBlob(MIRRORED, A), { digest: A, size: 10 });
    });

    it('orphans a mirrored blob with the last repository that referred to it', async (t) => {
      const store = await openStore(t);
      const second = mirrored('ghcr.io', 'org/app');
      await store.recordBlob(MIRRORED, { digest: A, size: 10 }, 1);
      await store.linkBlob(second, A, 1);
      assert.equal(await store.unlinkBlob(OTHER, A), 'absent');
      assert.equal(await store.unlinkBlob(MIRRORED, A), 'unlinked');
      assert.equal(await store.unlinkBlob(MIRRORED, A), 'absent');
      assert.equal(await store.findBlob(MIRRORED, A), undefined);
      assert.deepEqual(await store.findBlob(second, A), { digest: A, size: 10 });
      assert.equal(await store.unlinkBlob(second, A), 'orphaned');
      assert.equal(await store.findHeldBlob(A), undefined);
    });

    it('keeps the record of a hosted orphan until it is collected', async (t) => {
      const store = await openStore(t);
      await store.recordBlob(HOSTED, { digest: A, size: 10 }, 1);
      assert.equal(await store.unlinkBlob(HOSTED, A), 'unlinked');
      assert.equal(await store.findBlob(HOSTED, A), undefined);
      assert.deepEqual(await store.findHeldBlob(A), { digest: A, size: 10 });
      assert.equal(await store.linkBlob(OTHER, A, 2), true);
    });

    it('lists the repositories that hold a blob in byte order of their names', async (t) => {
      const store = await openStore(t);
      const sorted = [
        hosted('a'),
        hosted('a-z'),
        hosted('a/z'),
        mirrored('a', 'z'),
        MIRRORED,
        hosted('z'),
      ];
      assert.deepEqual(await store.listBlobRepositories(A), []);
      for (const repository of sorted.toReversed()) {
        await store.recordBlob(repository, { digest: A, size: 1 }, 1);
      }
      await store.recordBlob(hosted('b'), { digest: digest('b'), size: 1 }, 1);
      assert.deepEqual(await store.listBlobRepositories(A), sorted);
      await store.forgetBlob(A);
      assert.deepEqual(await store.listBlobRepositories(A), []);
    });
  });
}
