/** What every metadata store promises of tags with a minimum age. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commitOf, manifestDigest, mirrored, tag } from './metadata-fixtures.ts';
import type { OpenMetadataStore } from './open-stores.ts';

const NODE = mirrored('docker.io', 'library/node');
const OTHER = mirrored('docker.io', 'library/node-extra');
const LATEST = tag('latest');
const [A, B] = [manifestDigest('a'), manifestDigest('b')];

export function tagSightingsContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: tag sightings`, () => {
    it('knows since when a tag names what it names', async (t) => {
      const store = await openStore(t);
      assert.equal(await store.findSighting(NODE, LATEST), undefined);
      const first = await store.recordSighting(NODE, LATEST, { digest: A, at: 10 });
      assert.deepEqual(first, { digest: A, since: 10 });
      const again = await store.recordSighting(NODE, LATEST, { digest: A, at: 20 });
      assert.deepEqual(again, { digest: A, since: 10 });
      assert.deepEqual(await store.findSighting(NODE, LATEST), again);
      assert.equal(await store.findSighting(NODE, tag('other')), undefined);
      assert.equal(await store.findSighting(OTHER, LATEST), undefined);
    });

    it('counts anew what the tag has moved away from in between', async (t) => {
      const store = await openStore(t);
      await store.recordSighting(NODE, LATEST, { digest: A, at: 10 });
      await store.recordSighting(NODE, LATEST, { digest: B, at: 20 });
      const back = await store.recordSighting(NODE, LATEST, { digest: A, at: 30 });
      assert.deepEqual(back, { digest: A, since: 30 });
    });

    it('puts right a time that lay in the future', async (t) => {
      const store = await openStore(t);
      await store.recordSighting(NODE, LATEST, { digest: A, at: 1_000 });
      const again = await store.recordSighting(NODE, LATEST, { digest: A, at: 10 });
      assert.equal(again.since, 10);
    });

    it('remembers what was taken over until that is deleted', async (t) => {
      const store = await openStore(t);
      await store.commitManifest(commitOf(NODE, 'a', { tags: [LATEST] }));
      await store.recordSighting(NODE, LATEST, { digest: A, at: 10, taken: A });
      await store.recordSighting(OTHER, LATEST, { digest: A, at: 10, taken: A });
      const moved = await store.recordSighting(NODE, LATEST, { digest: B, at: 20 });
      assert.deepEqual(moved, { digest: B, since: 20, taken: A });
      await store.evictManifests({ bytes: 1, limit: 1 });
      assert.equal(await store.findManifest(NODE, A), undefined);
      assert.equal((await store.findSighting(NODE, LATEST))?.taken, A);
      await store.deleteManifest(NODE, A);
      assert.deepEqual(await store.findSighting(NODE, LATEST), { digest: B, since: 20 });
      assert.equal((await store.findSighting(OTHER, LATEST))?.taken, A);
      await store.deleteTag(OTHER, LATEST);
      assert.deepEqual(await store.findSighting(OTHER, LATEST), { digest: A, since: 10 });
    });
  });
}
