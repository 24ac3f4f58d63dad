/** What every metadata store remembers of damage. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blob, commitOf, digest, hosted, manifestDigest, mirrored } from './metadata-fixtures.ts';
import type { OpenMetadataStore } from './open-stores.ts';

const HOSTED = hosted('team/app');
const OTHER = hosted('team/other');
const MIRRORED = mirrored('docker.io', 'library/node');
const SECOND = mirrored('ghcr.io', 'org/app');
const A = digest('a');

export function damageRecordsContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: damage`, () => {
    it('remembers a damaged blob until it comes back, and who refers to it', async (t) => {
      const store = await openStore(t);
      await store.recordBlob(HOSTED, { digest: A, size: 10 }, 1);
      assert.equal(await store.isCondemned(HOSTED, A), false);
      await store.condemnBlob(A, 2);
      await store.condemnBlob(A, 3);
      assert.equal(await store.findBlob(HOSTED, A), undefined);
      assert.equal(await store.isCondemned(HOSTED, A), true);
      assert.equal(await store.isCondemned(OTHER, A), false);
      assert.deepEqual(await store.listCondemned({ limit: 10 }), [A]);
      assert.deepEqual(await store.listCondemned({ after: A, limit: 10 }), []);
      assert.equal((await store.totals()).blobs, 0);
      await store.recordBlob(MIRRORED, { digest: A, size: 10 }, 4);
      assert.equal(await store.isCondemned(HOSTED, A), false);
      assert.deepEqual(await store.listCondemned({ limit: 10 }), []);
      assert.ok(await store.findBlob(HOSTED, A));
      assert.equal((await store.totals()).mirroredBytes, 0);
    });

    it('lists no damaged blob that no hosted repository refers to any more', async (t) => {
      const store = await openStore(t);
      await store.recordBlob(HOSTED, { digest: A, size: 10 }, 1);
      await store.condemnBlob(A, 2);
      await store.unlinkBlob(HOSTED, A);
      assert.deepEqual(await store.listCondemned({ limit: 10 }), []);
    });

    it('lists the content of manifests, page by page', async (t) => {
      const store = await openStore(t);
      const names = ['a', 'b', 'c'];
      for (const one of names) await store.commitManifest(commitOf(HOSTED, one));
      await store.adoptManifest(MIRRORED, manifestDigest('a'), [], 1);
      const sorted = names.map(manifestDigest).toSorted();
      const first = await store.listManifests({ limit: 2 });
      const rest = await store.listManifests({ after: first[1]?.digest, limit: 2 });
      assert.deepEqual(
        [...first, ...rest].map((one) => one.digest),
        sorted,
      );
      const content = await store.readManifest(sorted[0] ?? A);
      assert.deepEqual(Buffer.from(first[0]?.content ?? []), Buffer.from(content ?? []));
    });

    it('takes a damaged manifest from mirrored repositories only', async (t) => {
      const store = await openStore(t);
      await store.commitManifest(commitOf(MIRRORED, 'm', { references: [blob('a')] }));
      await store.adoptManifest(SECOND, manifestDigest('m'), [], 1);
      await store.adoptManifest(HOSTED, manifestDigest('m'), [], 1);
      assert.equal(await store.forgetManifest(manifestDigest('m')), false);
      assert.equal(await store.findManifest(SECOND, manifestDigest('m')), undefined);
      assert.ok(await store.findManifest(HOSTED, manifestDigest('m')));
      await store.deleteManifest(HOSTED, manifestDigest('m'));
      assert.equal(await store.forgetManifest(manifestDigest('m')), true);
    });
  });
}
