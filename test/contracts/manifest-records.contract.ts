/** What every metadata store promises of manifests. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MediaType } from '../../src/oci/media-types.ts';
import {
  blob,
  child,
  commitOf,
  digest,
  hosted,
  manifestDigest,
  mirrored,
  recordOf,
  tag,
} from './metadata-fixtures.ts';
import type { OpenMetadataStore } from './open-stores.ts';

const HOSTED = hosted('team/app');
const MIRRORED = mirrored('docker.io', 'library/node');
const ALL = { limit: 1_000 };

export function manifestRecordsContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: manifests`, () => {
    it('finds a manifest in the repository that holds it, and its bytes', async (t) => {
      const store = await openStore(t);
      const commit = commitOf(HOSTED, 'm', { references: [blob('a'), blob('a'), child('c')] });
      await store.commitManifest(commit);
      assert.deepEqual(await store.findManifest(HOSTED, commit.digest), recordOf('m'));
      assert.equal(await store.findManifest(MIRRORED, commit.digest), undefined);
      assert.equal(await store.findManifest(HOSTED, digest('other')), undefined);
      const content = await store.readManifest(commit.digest);
      assert.deepEqual(content && Buffer.from(content), commit.content);
      assert.equal(await store.readManifest(digest('other')), undefined);
    });

    it('brings media type and tags up to date when a manifest is committed again', async (t) => {
      const store = await openStore(t);
      await store.commitManifest(commitOf(HOSTED, 'm', { tags: [tag('one')] }));
      const mediaType = MediaType.dockerManifest;
      await store.commitManifest(commitOf(HOSTED, 'm', { mediaType, tags: [tag('two')], at: 2 }));
      assert.deepEqual(
        await store.findManifest(HOSTED, manifestDigest('m')),
        recordOf('m', mediaType),
      );
      assert.deepEqual(await store.listTags(HOSTED, ALL), ['one', 'two']);
      assert.equal((await store.totals()).manifests, 1);
    });

    it('keeps the media type of each repository apart', async (t) => {
      const store = await openStore(t);
      const mediaType = MediaType.dockerManifest;
      await store.commitManifest(commitOf(HOSTED, 'm'));
      await store.commitManifest(commitOf(MIRRORED, 'm', { mediaType }));
      assert.deepEqual(await store.findManifest(HOSTED, manifestDigest('m')), recordOf('m'));
      assert.deepEqual(
        await store.findManifest(MIRRORED, manifestDigest('m')),
        recordOf('m', mediaType),
      );
    });

    it('deletes a manifest with its tags from one repository, its bytes with the last', async (t) => {
      const store = await openStore(t);
      for (const repository of [HOSTED, MIRRORED]) {
        await store.commitManifest(commitOf(repository, 'm', { tags: [tag('a'), tag('b')] }));
      }
      await store.commitManifest(commitOf(HOSTED, 'other', { tags: [tag('c')] }));
      assert.equal(await store.deleteManifest(HOSTED, manifestDigest('m')), true);
      assert.equal(await store.deleteManifest(HOSTED, manifestDigest('m')), false);
      assert.equal(await store.findManifest(HOSTED, manifestDigest('m')), undefined);
      assert.equal(await store.findTag(HOSTED, tag('a')), undefined);
      assert.deepEqual(await store.listTags(HOSTED, ALL), ['c']);
      assert.deepEqual(await store.listTags(MIRRORED, ALL), ['a', 'b']);
      assert.ok(await store.readManifest(manifestDigest('m')));
      assert.equal(await store.deleteManifest(MIRRORED, manifestDigest('m')), true);
      assert.equal(await store.readManifest(manifestDigest('m')), undefined);
      assert.equal(await store.deleteManifest(hosted('un/known'), manifestDigest('m')), false);
    });

    it('adopts a manifest that another repository holds, with all that it says', async (t) => {
      const store = await openStore(t);
      const subject = digest('subject');
      await store.commitManifest(
        commitOf(HOSTED, 'm', {
          subject,
          artifactType: 'application/x',
          annotations: { key: 'value' },
          references: [blob('a')],
        }),
      );
      const adopted = await store.adoptManifest(MIRRORED, manifestDigest('m'), [tag('v1')], 7);
      assert.deepEqual(adopted, recordOf('m'));
      assert.deepEqual(await store.findTag(MIRRORED, tag('v1')), {
        digest: manifestDigest('m'),
        cachedAt: 7,
        checkedAt: 7,
        manifest: recordOf('m'),
      });
      assert.deepEqual(
        await store.listReferrers(MIRRORED, subject, ALL),
        await store.listReferrers(HOSTED, subject, ALL),
      );
      assert.deepEqual(await store.findBlobReference(MIRRORED, digest('a')), { size: 100 });
    });

    it('adopts nothing that no repository holds', async (t) => {
      const store = await openStore(t);
      const adopted = await store.adoptManifest(MIRRORED, manifestDigest('m'), [tag('v1')], 7);
      assert.equal(adopted, undefined);
      assert.equal(await store.hasRepository(MIRRORED), false);
    });
  });
}
