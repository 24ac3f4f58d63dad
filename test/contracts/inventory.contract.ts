/** What every metadata store promises to tell of what it holds, of what was asked for, and of what went. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_WALK } from '../../src/store/inventory-records.ts';
import type { MetadataStore } from '../../src/store/metadata-store.ts';
import {
  blob,
  commitOf,
  digest,
  hosted,
  manifestDigest,
  mirrored,
  recordOf,
  tag,
} from './metadata-fixtures.ts';
import { heldImage } from './held-image.ts';
import type { OpenMetadataStore } from './open-stores.ts';

const HOSTED = hosted('team/app');
const NODE = mirrored('docker.io', 'library/node');
const LOKI = mirrored('docker.io', 'grafana/loki');
const OTHER = mirrored('ghcr.io', 'org/app');

async function summaryOf(store: MetadataStore, repository: typeof NODE) {
  const { entries } = await store.inventory.listRepositories({ limit: 100 });
  return entries.find((one) => one.repository.name === repository.name);
}

export function inventoryContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: inventory of repositories`, () => {
    it('sums up what each one holds', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'a', { at: 5, blobs: ['base', 'a1'], tags: ['1', '2'] });
      await heldImage(store, NODE, 'b', { at: 7, blobs: ['base'], tags: ['3'] });
      await heldImage(store, HOSTED, 'c', { at: 6, blobs: ['base'], tags: ['1'] });
      await store.recordUses([
        { kind: 'manifest', repository: NODE, digest: manifestDigest('a'), at: 9 },
      ]);
      assert.deepEqual(await store.inventory.listRepositories({ limit: 10 }), {
        entries: [
          { repository: NODE, tags: 3, bytes: 200, usedAt: 9, cachedAt: 7 },
          { repository: HOSTED, tags: 1, bytes: 100, cachedAt: 6 },
        ],
        next: undefined,
      });
    });

    it('counts the blobs that are held, however they come and go', async (t) => {
      const store = await openStore(t);
      const bytes = async () => (await summaryOf(store, NODE))?.bytes;
      await store.commitManifest(commitOf(NODE, 'm', { references: [blob('a', 10)] }));
      await store.recordBlob(NODE, { digest: digest('a'), size: 10 }, 1);
      await store.recordBlob(NODE, { digest: digest('a'), size: 12 }, 2);
      await store.linkBlob(NODE, digest('a'), 3);
      assert.equal(await bytes(), 12);
      await store.forgetBlob(digest('a'));
      assert.equal(await bytes(), 0);
      await store.recordBlob(LOKI, { digest: digest('a'), size: 14 }, 4);
      assert.equal(await bytes(), 14);
      await store.unlinkBlob(NODE, digest('a'));
      assert.equal(await bytes(), 0);
      await store.deleteTag(NODE, tag('x'));
      await store.recordTag(NODE, tag('x'), manifestDigest('m'), 5);
      await store.recordTag(NODE, tag('x'), manifestDigest('m'), 6);
      assert.equal((await summaryOf(store, NODE))?.tags, 1);
      await store.deleteTag(NODE, tag('x'));
      assert.equal((await summaryOf(store, NODE))?.tags, 0);
    });

    it('finds by name and kind, page by page', async (t) => {
      const store = await openStore(t);
      for (const one of ['a/one', 'a/two', 'b/one', 'b/two']) {
        await heldImage(store, mirrored('ghcr.io', one), one);
        await heldImage(store, hosted(one), one);
      }
      const found: string[] = [];
      let after: string | undefined;
      do {
        const page = await store.inventory.listRepositories({
          search: 'ONE',
          kind: 'mirrored',
          after,
          limit: 1,
        });
        found.push(...page.entries.map(({ repository }) => repository.name));
        after = page.next;
      } while (after !== undefined);
      assert.deepEqual(found, ['a/one', 'b/one']);
      const all = await store.inventory.listRepositories({ kind: 'hosted', limit: 3 });
      assert.equal(all.next, 'b/one');
      assert.equal(all.entries.length, 3);
    });

    it('keeps together what shares a display name', async (t) => {
      const store = await openStore(t);
      await heldImage(store, mirrored('a', 'b'), 'm');
      await heldImage(store, hosted('a/b'), 'm');
      await heldImage(store, hosted('c'), 'm');
      const first = await store.inventory.listRepositories({ limit: 1 });
      assert.deepEqual(
        first.entries.map(({ repository }) => repository.kind),
        ['hosted', 'mirrored'],
      );
      const second = await store.inventory.listRepositories({ limit: 1, after: first.next });
      assert.deepEqual(
        second.entries.map(({ repository }) => repository.name),
        ['c'],
      );
      assert.equal(second.next, undefined);
    });
  });

  describe(`${name}: inventory of tags`, () => {
    it('tells what each one names and how much of it is held', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'x64', { at: 1, blobs: ['base', 'x1'] });
      await heldImage(store, NODE, 'arm', { at: 1, blobs: ['base'] });
      const children = ['x64', 'arm', 'not held'];
      await heldImage(store, NODE, 'index', { at: 2, children, tags: ['20', 'old'] });
      await store.recordTag(NODE, tag('20'), manifestDigest('index'), 8);
      await store.recordTag(NODE, tag('head'), digest('unknown'), 8);
      const size = recordOf('x64').size + recordOf('arm').size + recordOf('index').size;
      const entry = { manifest: recordOf('index'), bytes: size + 200, cachedAt: 2, usedAt: 2 };
      assert.deepEqual(await store.inventory.listTags(NODE, { limit: 10 }), {
        entries: [
          { name: tag('20'), ...entry, checkedAt: 8 },
          { name: tag('old'), ...entry, checkedAt: 2 },
        ],
        next: undefined,
      });
      assert.deepEqual(await store.inventory.listTags(LOKI, { limit: 10 }), {
        entries: [],
        next: undefined,
      });
    });

    it('counts what the repository itself holds', async (t) => {
      const store = await openStore(t);
      await heldImage(store, LOKI, 'a', { blobs: ['base', 'own'] });
      await store.commitManifest(
        commitOf(NODE, 'b', { references: [blob('base'), blob('own')], tags: [tag('b')] }),
      );
      const bytes = async () =>
        (await store.inventory.listTags(NODE, { limit: 1 })).entries[0]?.bytes;
      assert.equal(await bytes(), recordOf('b').size);
      await store.linkBlob(NODE, digest('base'), 1);
      assert.equal(await bytes(), recordOf('b').size + 100);
    });

    it('finds by name, page by page, also far from the beginning', async (t) => {
      const store = await openStore(t);
      const names = Array.from({ length: MAX_WALK + 10 }, (_, index) => `v${1e4 + index}`);
      await heldImage(store, HOSTED, 'm', { tags: names });
      const found: string[] = [];
      let [after, pages]: [string | undefined, number] = [undefined, 0];
      do {
        const page = await store.inventory.listTags(HOSTED, { search: '9', after, limit: 50 });
        found.push(...page.entries.map((one) => one.name));
        after = page.next;
        pages += 1;
      } while (after !== undefined);
      const wanted = names.filter((one) => one.includes('9'));
      assert.deepEqual(found, wanted);
      assert.ok(pages > wanted.length / 50);
    });
  });

  describe(`${name}: inventory of manifests`, () => {
    it('describes a manifest', async (t) => {
      const store = await openStore(t);
      const annotations = { key: 'value' };
      await store.commitManifest(
        commitOf(NODE, 'm', {
          at: 3,
          annotations,
          artifactType: 'a/b',
          tags: [tag('y'), tag('x')],
        }),
      );
      await store.adoptManifest(HOSTED, manifestDigest('m'), [], 4);
      assert.deepEqual(await store.inventory.describeManifest(NODE, manifestDigest('m')), {
        ...recordOf('m'),
        annotations,
        artifactType: 'a/b',
        addedAt: 3,
        usedAt: 3,
        tags: ['x', 'y'],
      });
      const own = await store.inventory.describeManifest(HOSTED, manifestDigest('m'));
      assert.equal(own?.usedAt, undefined);
      assert.equal(own?.addedAt, 4);
      assert.equal(await store.inventory.describeManifest(LOKI, manifestDigest('m')), undefined);
      assert.deepEqual(await store.inventory.listManifestRepositories(manifestDigest('m')), [
        NODE,
        HOSTED,
      ]);
    });

    it('tells who refers to a blob, held or not', async (t) => {
      const store = await openStore(t);
      await store.recordBlob(NODE, { digest: digest('a'), size: 1 }, 1);
      await store.linkBlob(HOSTED, digest('a'), 1);
      await store.forgetBlob(digest('a'));
      assert.deepEqual(await store.inventory.listBlobReferrers(digest('a')), [NODE, HOSTED]);
    });
  });

  describe(`${name}: usage`, () => {
    it('adds up by day and upstream, and forgets what is too old', async (t) => {
      const { inventory } = await openStore(t);
      const counts = { hits: 1, misses: 2, stale: 3, bytesServed: 2 ** 40, bytesFetched: 5 };
      const one = { day: '2026-01-02', upstream: 'docker.io', requests: 6, ...counts };
      const own = { ...one, upstream: undefined };
      const old = { ...one, day: '2026-01-01' };
      await inventory.addUsage([one, old], '2026-01-01');
      await inventory.addUsage([one, own], '2026-01-01');
      assert.deepEqual(await inventory.listUsage('2026-01-02'), [
        own,
        {
          ...one,
          requests: 12,
          hits: 2,
          misses: 4,
          stale: 6,
          bytesServed: 2 ** 41,
          bytesFetched: 10,
        },
      ]);
      assert.equal((await inventory.listUsage('2026-01-01')).length, 3);
      await inventory.addUsage([], '2026-01-02');
      assert.equal((await inventory.listUsage('2026-01-01')).length, 2);
    });
  });

  describe(`${name}: departures`, () => {
    it('remembers what became of tags, manifests and blobs', async (t) => {
      const store = await openStore(t);
      const { inventory } = store;
      const reasonOf = async (reference: Parameters<typeof inventory.findDeparture>[1]) =>
        (await inventory.findDeparture(NODE, reference))?.reason;
      await heldImage(store, NODE, 'a', { at: 1, blobs: ['a1', 'a2'], tags: ['a'] });
      await heldImage(store, NODE, 'b', { at: 2, tags: ['b', 'b2'] });
      await heldImage(store, NODE, 'c', { at: 3, tags: ['c'] });
      assert.equal(await reasonOf(tag('a')), undefined);
      await store.evictManifests({ bytes: 1, limit: 1 });
      await store.dropUnreferencedBlobs([digest('a1')]);
      await store.forgetBlob(digest('a2'));
      await store.deleteTag(NODE, tag('b'));
      await store.forgetManifest(manifestDigest('c'));
      assert.equal(await reasonOf(tag('a')), 'evicted');
      assert.equal(await reasonOf(manifestDigest('a')), 'evicted');
      assert.equal(await reasonOf(tag('b')), 'deleted');
      assert.equal(await reasonOf(tag('b2')), undefined);
      assert.equal(await reasonOf(tag('c')), 'damaged');
      assert.equal(await reasonOf(digest('a1')), 'evicted');
      assert.equal(await reasonOf(digest('a2')), 'damaged');
      await store.deleteManifest(NODE, manifestDigest('b'));
      assert.equal(await reasonOf(tag('b2')), 'deleted');
      assert.equal(await inventory.findDeparture(LOKI, tag('a')), undefined);
      assert.equal(await reasonOf(digest('never')), undefined);
    });

    it('remembers a blob for the repositories that had it', async (t) => {
      const store = await openStore(t);
      const reasonsOf = async (blobName: string) =>
        Promise.all(
          [NODE, LOKI, OTHER].map(async (repository) => {
            return (await store.inventory.findDeparture(repository, digest(blobName)))?.reason;
          }),
        );
      for (const repository of [NODE, LOKI]) {
        for (const blobName of ['lost', 'loose', 'left']) {
          await store.recordBlob(repository, { digest: digest(blobName), size: 1 }, 1);
        }
      }
      await store.recordBlob(OTHER, { digest: digest('other'), size: 1 }, 1);
      await store.forgetBlob(digest('lost'));
      assert.deepEqual(await reasonsOf('lost'), ['damaged', 'damaged', undefined]);
      await store.dropUnreferencedBlobs([digest('loose')]);
      assert.deepEqual(await reasonsOf('loose'), ['evicted', 'evicted', undefined]);
      await store.unlinkBlob(NODE, digest('left'));
      assert.deepEqual(await reasonsOf('left'), ['deleted', undefined, undefined]);
      await store.unlinkBlob(LOKI, digest('left'));
      assert.deepEqual(await reasonsOf('left'), ['deleted', 'deleted', undefined]);
    });

    it('lets the last departure stand', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'a', { tags: ['a'] });
      await store.evictManifests({ bytes: 1, limit: 1 });
      await heldImage(store, NODE, 'a', { tags: ['a'] });
      await store.deleteTag(NODE, tag('a'));
      const departure = await store.inventory.findDeparture(NODE, tag('a'));
      assert.equal(departure?.reason, 'deleted');
      assert.ok(departure.at > 0);
    });
  });
}
