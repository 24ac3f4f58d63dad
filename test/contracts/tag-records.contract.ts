/** What every metadata store promises of tags. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commitOf, hosted, manifestDigest, mirrored, recordOf, tag } from './metadata-fixtures.ts';
import type { OpenMetadataStore } from './open-stores.ts';

const HOSTED = hosted('team/app');
const MIRRORED = mirrored('docker.io', 'library/node');
const ALL = { limit: 1_000 };

export function tagRecordsContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: tags`, () => {
    it('tells since when a tag names its digest, and when that was last known', async (t) => {
      const store = await openStore(t);
      await store.commitManifest(commitOf(MIRRORED, 'm', { tags: [tag('v1')], at: 10 }));
      await store.recordTag(MIRRORED, tag('v1'), manifestDigest('m'), 20);
      const found = await store.findTag(MIRRORED, tag('v1'));
      assert.deepEqual(found, {
        digest: manifestDigest('m'),
        cachedAt: 10,
        checkedAt: 20,
        manifest: recordOf('m'),
      });
    });

    it('moves a tag to a manifest that is not held, and finds it when that arrives', async (t) => {
      const store = await openStore(t);
      await store.commitManifest(commitOf(MIRRORED, 'old', { tags: [tag('v1')], at: 10 }));
      await store.recordTag(MIRRORED, tag('v1'), manifestDigest('new'), 20);
      assert.deepEqual(await store.findTag(MIRRORED, tag('v1')), {
        digest: manifestDigest('new'),
        cachedAt: 20,
        checkedAt: 20,
      });
      assert.deepEqual(await store.listTags(MIRRORED, ALL), []);
      await store.commitManifest(commitOf(MIRRORED, 'new', { at: 30 }));
      const found = await store.findTag(MIRRORED, tag('v1'));
      assert.deepEqual([found?.cachedAt, found?.manifest], [20, recordOf('new')]);
      assert.deepEqual(await store.listTags(MIRRORED, ALL), ['v1']);
    });

    it("does not take another repository's manifest for its own", async (t) => {
      const store = await openStore(t);
      await store.commitManifest(commitOf(HOSTED, 'm'));
      await store.recordTag(MIRRORED, tag('v1'), manifestDigest('m'), 20);
      assert.equal((await store.findTag(MIRRORED, tag('v1')))?.manifest, undefined);
    });

    it('lists tags in byte order, page by page', async (t) => {
      const store = await openStore(t);
      const tags = ['v10', 'V2', 'v2', '_a', 'a.b', 'a-b', 'a_b', '1', '10', '9', 'latest'].map(
        tag,
      );
      await store.commitManifest(commitOf(HOSTED, 'm', { tags }));
      const sorted = ['1', '10', '9', 'V2', '_a', 'a-b', 'a.b', 'a_b', 'latest', 'v10', 'v2'];
      assert.deepEqual(await store.listTags(HOSTED, ALL), sorted);
      assert.deepEqual(await store.listTags(HOSTED, { limit: 3 }), sorted.slice(0, 3));
      assert.deepEqual(await store.listTags(HOSTED, { after: '9', limit: 2 }), ['V2', '_a']);
      assert.deepEqual(await store.listTags(HOSTED, { after: 'aa', limit: 1 }), ['latest']);
      assert.deepEqual(await store.listTags(HOSTED, { after: 'zz', limit: 1 }), []);
      assert.deepEqual(await store.listTags(HOSTED, { limit: 0 }), []);
      assert.deepEqual(await store.listTags(MIRRORED, ALL), []);
    });

    it('deletes one tag and nothing else', async (t) => {
      const store = await openStore(t);
      await store.commitManifest(commitOf(HOSTED, 'm', { tags: [tag('a'), tag('b')] }));
      assert.equal(await store.deleteTag(HOSTED, tag('a')), true);
      assert.equal(await store.deleteTag(HOSTED, tag('a')), false);
      assert.equal(await store.deleteTag(MIRRORED, tag('b')), false);
      assert.deepEqual(await store.listTags(HOSTED, ALL), ['b']);
      assert.ok(await store.findManifest(HOSTED, manifestDigest('m')));
    });
  });
}
