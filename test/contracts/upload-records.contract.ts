/** What every metadata store promises of upload sessions. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UploadRecord } from '../../src/store/metadata-store.ts';
import { hosted, mirrored } from './metadata-fixtures.ts';
import type { OpenMetadataStore } from './open-stores.ts';

const HOSTED = hosted('team/app');
const MIRRORED = mirrored('docker.io', 'library/node');

function upload(id: string, usedAt: number, repository = HOSTED): UploadRecord {
  return { id, repository, algorithm: 'sha512', createdAt: 1, usedAt };
}

export function uploadRecordsContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: uploads`, () => {
    it('finds a session by its id until it is deleted', async (t) => {
      const store = await openStore(t);
      await store.createUpload(upload('u1', 5));
      assert.deepEqual(await store.findUpload('u1'), upload('u1', 5));
      await store.touchUpload('u1', 9);
      assert.deepEqual(await store.findUpload('u1'), upload('u1', 9));
      assert.equal(await store.deleteUpload('u1'), true);
      assert.equal(await store.deleteUpload('u1'), false);
      assert.equal(await store.findUpload('u1'), undefined);
    });

    it('refuses an id that is taken', async (t) => {
      const store = await openStore(t);
      await store.createUpload(upload('u1', 5));
      await assert.rejects(store.createUpload(upload('u1', 6, hosted('other'))));
      assert.deepEqual(await store.findUpload('u1'), upload('u1', 5));
    });

    it('counts sessions by repository and lists those that were left', async (t) => {
      const store = await openStore(t);
      await store.createUpload(upload('u1', 30));
      await store.createUpload(upload('u2', 10));
      await store.createUpload(upload('u3', 20, hosted('other')));
      assert.equal(await store.countUploads(HOSTED), 2);
      assert.equal(await store.countUploads(MIRRORED), 0);
      const left = await store.listUploads(30);
      assert.deepEqual(
        left.map(({ id }) => id),
        ['u2', 'u3'],
      );
    });
  });
}
