import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { migrate } from '../../src/store/sqlite/migrate.ts';
import { initial } from '../../src/store/sqlite/migrations/0001-initial.ts';
import { upkeep } from '../../src/store/sqlite/migrations/0002-upkeep.ts';
import { tagSightings } from '../../src/store/sqlite/migrations/0003-tag-sightings.ts';
import { SqliteMetadataStore } from '../../src/store/sqlite/sqlite-metadata-store.ts';
import { digest, hosted, manifestDigest, mirrored } from '../contracts/metadata-fixtures.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const [A, B, C] = [digest('a'), digest('b'), digest('c')];
const [INDEX, X64, OLD] = ['index', 'x64', 'old'].map(manifestDigest);

/** As the first schema kept it: two hosted blobs, one of them mirrored too; a loose one; an index and its child. */
const CONTENT = `
  INSERT INTO repositories (id, upstream, name, display_name) VALUES
    (1, '', 'team/app', 'team/app'),
    (2, 'docker.io', 'library/node', 'docker.io/library/node');
  INSERT INTO blobs VALUES ('${A}', 10, 5), ('${B}', 20, 6), ('${C}', 40, 7);
  INSERT INTO repository_blobs VALUES
    (1, '${A}', 10, 5), (2, '${A}', 10, 5), (1, '${B}', 20, 6), (2, '${C}', 40, 7);
  INSERT INTO manifests VALUES ('${INDEX}', 1, NULL, x'31'), ('${X64}', 1, NULL, x'32'), ('${OLD}', 1, NULL, x'33');
  INSERT INTO manifest_references VALUES
    ('${INDEX}', 'manifest', '${X64}', 1), ('${X64}', 'blob', '${A}', 10);
  INSERT INTO repository_manifests VALUES
    (1, '${X64}', 'm', 1, NULL, NULL, 1), (2, '${X64}', 'm', 1, NULL, NULL, 1),
    (2, '${OLD}', 'm', 1, NULL, NULL, 8), (2, '${INDEX}', 'm', 1, NULL, NULL, 1);
  INSERT INTO tags VALUES (2, 'latest', '${INDEX}', 1, 9);
`;

describe('the migration to upkeep', () => {
  it('counts what a database of the first schema holds', async (t) => {
    const file = join(await temporaryDirectory(t), 'metadata.db');
    const database = new Database(file);
    migrate(database, [initial]);
    database.exec(CONTENT);
    database.close();

    const store = await SqliteMetadataStore.open({ file });
    t.after(() => store.close());
    const repository = mirrored('docker.io', 'library/node');
    assert.deepEqual(await store.totals(), {
      blobs: 3,
      blobBytes: 70,
      mirroredBytes: 40,
      manifests: 3,
    });
    assert.deepEqual(await store.listLooseBlobs({ usedBefore: 100, limit: 10 }), [
      { digest: C, size: 40, usedAt: 7 },
    ]);
    // The tag's last check was a use of the index and of its child.
    assert.deepEqual(await store.evictManifests({ bytes: 1, limit: 1 }), {
      manifests: 1,
      pinned: 0,
      blobs: [],
    });
    assert.equal(await store.findManifest(repository, OLD ?? A), undefined);
    assert.equal((await store.evictManifests({ bytes: 1, limit: 10 })).manifests, 2);
    assert.ok(await store.findManifest(hosted('team/app'), X64 ?? A));

    await store.unlinkBlob(hosted('team/app'), A);
    assert.equal((await store.totals()).mirroredBytes, 50);
    assert.deepEqual(await store.dropUnreferencedBlobs([A]), []);
    await store.deleteManifest(hosted('team/app'), X64 ?? A);
    assert.deepEqual(await store.dropUnreferencedBlobs([A]), [A]);
    assert.equal((await store.totals()).mirroredBytes, 40);
  });
});

describe('the migration to the inventory', () => {
  it('sums up what an older database holds, and goes on counting', async (t) => {
    const file = join(await temporaryDirectory(t), 'metadata.db');
    const database = new Database(file);
    migrate(database, [initial]);
    database.exec(CONTENT);
    migrate(database, [initial, upkeep, tagSightings]);
    database.close();

    const store = await SqliteMetadataStore.open({ file });
    t.after(() => store.close());
    const repository = mirrored('docker.io', 'library/node');
    const { entries } = await store.inventory.listRepositories({ limit: 10 });
    assert.deepEqual(entries, [
      { repository, tags: 1, bytes: 50, usedAt: 9, cachedAt: 8 },
      { repository: hosted('team/app'), tags: 0, bytes: 30, cachedAt: 1 },
    ]);
    await store.forgetBlob(A);
    const after = await store.inventory.listRepositories({ limit: 10 });
    assert.deepEqual(
      after.entries.map(({ bytes }) => bytes),
      [40, 20],
    );
    const [next] = await store.inventory.nextEvictions({ limit: 1, looseBefore: 0 });
    assert.equal(next?.digest, OLD);
  });
});
