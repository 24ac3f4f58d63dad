/** What every metadata store promises of referrers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  commitOf,
  digest,
  hosted,
  manifestDigest,
  mirrored,
  recordOf,
} from './metadata-fixtures.ts';
import type { OpenMetadataStore } from './open-stores.ts';

const HOSTED = hosted('team/app');
const MIRRORED = mirrored('docker.io', 'library/node');
const ALL = { limit: 1_000 };

export function referrersContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: referrers`, () => {
    it('lists descriptors by digest, page by page, filtered or not', async (t) => {
      const store = await openStore(t);
      const subject = digest('subject');
      const names = Array.from({ length: 9 }, (_, index) => `referrer ${index}`);
      for (const [index, one] of names.entries()) {
        const artifactType = index % 3 === 0 ? 'application/sbom' : 'application/signature';
        await store.commitManifest(commitOf(HOSTED, one, { subject, artifactType }));
      }
      await store.commitManifest(commitOf(HOSTED, 'elsewhere', { subject: digest('another') }));
      await store.commitManifest(commitOf(MIRRORED, 'elsewhere', { subject }));

      const expected = names.map(manifestDigest).toSorted();
      const first = await store.listReferrers(HOSTED, subject, { limit: 4 });
      const rest = await store.listReferrers(HOSTED, subject, {
        limit: 100,
        after: first[3]?.digest,
      });
      assert.deepEqual(
        [...first, ...rest].map((one) => one.digest),
        expected,
      );

      const sboms = [0, 3, 6].map((index) => manifestDigest(`referrer ${index}`)).toSorted();
      const query = { artifactType: 'application/sbom' };
      const [sbom] = await store.listReferrers(HOSTED, subject, { ...query, limit: 1 });
      const more = await store.listReferrers(HOSTED, subject, {
        ...query,
        limit: 9,
        after: sbom?.digest,
      });
      assert.deepEqual(
        [sbom, ...more].map((one) => one?.digest),
        sboms,
      );
      assert.deepEqual(await store.listReferrers(HOSTED, subject, { limit: 0 }), []);
      assert.deepEqual(await store.listReferrers(hosted('un/known'), subject, ALL), []);
    });

    it('lists two at least and not much more at once where annotations are long', async (t) => {
      const store = await openStore(t);
      const subject = digest('subject');
      const annotations = { long: 'x'.repeat(3_000_000) };
      const names = Array.from({ length: 7 }, (_, index) => `long ${index}`);
      for (const one of names) {
        await store.commitManifest(commitOf(HOSTED, one, { subject, annotations }));
      }
      const found: string[] = [];
      for (let after; found.length < names.length;) {
        const page = await store.listReferrers(HOSTED, subject, { limit: 1_000, after });
        assert.ok(page.length >= 1 && page.length <= 3, String(page.length));
        assert.ok(page.length > 1 || found.length === names.length - 1);
        found.push(...page.map((one) => one.digest));
        after = page.at(-1)?.digest;
      }
      assert.deepEqual(found, names.map(manifestDigest).toSorted());
    });

    it('shows what the manifest says of itself, and leaves out what it does not', async (t) => {
      const store = await openStore(t);
      const subject = digest('subject');
      const annotations = { 'org.example.key': 'ünï', empty: '' };
      await store.commitManifest(
        commitOf(HOSTED, 'full', { subject, artifactType: 'application/x', annotations }),
      );
      await store.commitManifest(commitOf(MIRRORED, 'bare', { subject }));
      assert.deepEqual(await store.listReferrers(HOSTED, subject, ALL), [
        { ...recordOf('full'), artifactType: 'application/x', annotations },
      ]);
      assert.deepEqual(await store.listReferrers(MIRRORED, subject, ALL), [recordOf('bare')]);
    });

    it('forgets a deleted referrer, and keeps those of a deleted subject', async (t) => {
      const store = await openStore(t);
      const subject = manifestDigest('subject');
      await store.commitManifest(commitOf(HOSTED, 'subject'));
      await store.commitManifest(commitOf(HOSTED, 'one', { subject }));
      await store.commitManifest(commitOf(HOSTED, 'two', { subject }));
      await store.deleteManifest(HOSTED, subject);
      await store.deleteManifest(HOSTED, manifestDigest('one'));
      assert.deepEqual(await store.listReferrers(HOSTED, subject, ALL), [recordOf('two')]);
    });
  });
}
