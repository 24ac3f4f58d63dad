/** What every metadata store promises to upkeep: last use, eviction and collection. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Digest } from '../../src/oci/digest.ts';
import type { Repository } from '../../src/oci/repository.ts';
import type { MetadataStore } from '../../src/store/metadata-store.ts';
import type { CollectedLinks } from '../../src/store/upkeep-records.ts';
import {
  blob,
  child,
  commitOf,
  digest,
  hosted,
  manifestDigest,
  mirrored,
  tag,
} from './metadata-fixtures.ts';
import type { OpenMetadataStore } from './open-stores.ts';

const HOSTED = hosted('team/app');
const OTHER = hosted('team/other');
const MIRRORED = mirrored('docker.io', 'library/node');
const SECOND = mirrored('ghcr.io', 'org/app');
const ONE = { bytes: 1, limit: 1 };
const ALL = { bytes: Infinity, limit: 1_000 };
const A = digest('a');

/** Commits the manifest `name` at `at`, with held blobs of 100 bytes each. */
async function image(
  store: MetadataStore,
  repository: Repository,
  name: string,
  { at = 1_000, blobs = [] as readonly string[], children = [] as readonly string[] } = {},
): Promise<void> {
  const references = [...blobs.map((one) => blob(one)), ...children.map(child)];
  await store.commitManifest(commitOf(repository, name, { references, at, tags: [tag(name)] }));
  for (const one of blobs) {
    await store.recordBlob(repository, { digest: digest(one), size: 100 }, at);
  }
}

/** The names of the manifests in the order in which they are evicted. */
async function evictionOrder(store: MetadataStore, names: readonly string[]): Promise<string[]> {
  const order: string[] = [];
  for (;;) {
    const left = names.filter((name) => !order.includes(name));
    const { manifests } = await store.evictManifests({ bytes: Infinity, limit: 1 });
    if (manifests === 0) return order;
    for (const name of left) {
      if ((await store.readManifest(manifestDigest(name))) === undefined) order.push(name);
    }
  }
}

async function collectAll(store: MetadataStore, before: number, limit = 1_000): Promise<Digest[]> {
  const unlinked: Digest[] = [];
  let after: CollectedLinks['next'];
  do {
    const page: CollectedLinks = await store.collectLinks({ before, after, limit });
    unlinked.push(...page.unlinked);
    after = page.next;
  } while (after !== undefined);
  return unlinked;
}

export function upkeepRecordsContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: use`, () => {
    it('evicts what was not used for longest, which a pull or a noted use decides', async (t) => {
      const store = await openStore(t);
      for (const [at, one] of ['a', 'b', 'c', 'd'].entries()) {
        await image(store, at % 2 === 0 ? MIRRORED : SECOND, one, { at: at + 1 });
      }
      await store.recordUses([
        { kind: 'manifest', repository: MIRRORED, digest: manifestDigest('a'), at: 10 },
        { kind: 'manifest', repository: SECOND, digest: manifestDigest('b'), at: 9 },
        { kind: 'manifest', repository: MIRRORED, digest: manifestDigest('unknown'), at: 99 },
        { kind: 'manifest', repository: mirrored('un', 'known'), digest: A, at: 99 },
      ]);
      await store.commitManifest(commitOf(MIRRORED, 'c', { at: 20 }));
      assert.deepEqual(await evictionOrder(store, ['a', 'b', 'c', 'd']), ['d', 'b', 'a', 'c']);
    });

    it('lets a later use stand', async (t) => {
      const store = await openStore(t);
      await image(store, MIRRORED, 'a', { at: 5 });
      await image(store, MIRRORED, 'b', { at: 4 });
      await store.recordUses([
        { kind: 'manifest', repository: MIRRORED, digest: manifestDigest('a'), at: 1 },
      ]);
      await store.commitManifest(commitOf(MIRRORED, 'a', { at: 2 }));
      await store.adoptManifest(MIRRORED, manifestDigest('a'), [], 3);
      assert.deepEqual(await evictionOrder(store, ['a', 'b']), ['b', 'a']);
    });

    it('counts the use of an index for its child manifests', async (t) => {
      const store = await openStore(t);
      await image(store, MIRRORED, 'x64', { at: 1 });
      await image(store, MIRRORED, 'index', { at: 1, children: ['x64', 'not held'] });
      await image(store, MIRRORED, 'other', { at: 2 });
      await store.recordUses([
        { kind: 'manifest', repository: MIRRORED, digest: manifestDigest('index'), at: 3 },
      ]);
      const order = await evictionOrder(store, ['x64', 'index', 'other']);
      assert.equal(order[0], 'other');
    });

    it('counts an adopted manifest as used then, each repository for itself', async (t) => {
      const store = await openStore(t);
      await image(store, MIRRORED, 'a', { at: 1 });
      await image(store, MIRRORED, 'b', { at: 2 });
      await store.adoptManifest(SECOND, manifestDigest('a'), [], 3);
      assert.equal((await store.evictManifests(ONE)).manifests, 1);
      assert.equal(await store.findManifest(MIRRORED, manifestDigest('a')), undefined);
      assert.ok(await store.findManifest(SECOND, manifestDigest('a')));
      assert.deepEqual(await evictionOrder(store, ['a', 'b']), ['b', 'a']);
    });

    it('lists loose blobs by use, page by page', async (t) => {
      const store = await openStore(t);
      for (const [at, one] of ['a', 'b', 'c', 'd', 'e'].entries()) {
        await store.recordBlob(MIRRORED, { digest: digest(one), size: 10 }, at + 1);
      }
      await store.recordUses([{ kind: 'blob', digest: A, at: 10 }]);
      await store.linkBlob(SECOND, digest('b'), 11);
      await store.recordBlob(OTHER, { digest: digest('c'), size: 10 }, 3);
      await store.commitManifest(commitOf(MIRRORED, 'm', { references: [blob('d')] }));
      const all = await store.listLooseBlobs({ usedBefore: 100, limit: 10 });
      assert.deepEqual(all, [
        { digest: digest('e'), size: 10, usedAt: 5 },
        { digest: A, size: 10, usedAt: 10 },
        { digest: digest('b'), size: 10, usedAt: 11 },
      ]);
      const [first] = await store.listLooseBlobs({ usedBefore: 100, limit: 1 });
      assert.deepEqual(first, all[0]);
      const rest = await store.listLooseBlobs({ usedBefore: 11, after: first, limit: 10 });
      assert.deepEqual(rest, all.slice(1, 2));
    });
  });

  describe(`${name}: eviction`, () => {
    it('takes no more manifests than give the bytes that are wanted', async (t) => {
      const store = await openStore(t);
      await image(store, MIRRORED, 'a', { at: 1, blobs: ['a1', 'a2'] });
      await image(store, MIRRORED, 'b', { at: 2, blobs: ['b1'] });
      await image(store, MIRRORED, 'c', { at: 3, blobs: ['c1'] });
      const released = await store.evictManifests({ bytes: 201, limit: 10 });
      assert.equal(released.manifests, 2);
      assert.deepEqual(
        released.blobs.map((one) => one.digest).toSorted(),
        ['a1', 'a2', 'b1'].map(digest).toSorted(),
      );
      assert.ok(await store.findManifest(MIRRORED, manifestDigest('c')));
      assert.equal(await store.findTag(MIRRORED, tag('a')), undefined);
      assert.ok(await store.findTag(MIRRORED, tag('c')));
    });

    it('releases no blob that another held manifest names, or a hosted repository refers to', async (t) => {
      const store = await openStore(t);
      await image(store, MIRRORED, 'a', { at: 1, blobs: ['base', 'own', 'pushed'] });
      await image(store, SECOND, 'b', { at: 2, blobs: ['base'] });
      await store.linkBlob(HOSTED, digest('pushed'), 3);
      assert.deepEqual((await store.evictManifests(ONE)).blobs, [
        { digest: digest('own'), size: 100 },
      ]);
      for (const one of ['base', 'pushed']) {
        assert.deepEqual(await store.dropUnreferencedBlobs([digest(one)]), []);
      }
      assert.deepEqual(await store.dropUnreferencedBlobs([digest('own')]), [digest('own')]);
      assert.deepEqual(await store.dropUnreferencedBlobs([digest('own')]), []);
      assert.deepEqual(await store.findBlobReference(MIRRORED, digest('own')), undefined);
      assert.equal(await store.linkBlob(HOSTED, digest('own'), 4), false);
    });

    it('forgets who referred to blobs that never came', async (t) => {
      const store = await openStore(t);
      await store.commitManifest(commitOf(MIRRORED, 'm', { references: [blob('a')] }));
      await store.evictManifests(ONE);
      assert.equal(await store.findBlobReference(MIRRORED, A), undefined);
    });

    it('never takes what is hosted', async (t) => {
      const store = await openStore(t);
      await image(store, HOSTED, 'h', { at: 1, blobs: ['a'] });
      await store.adoptManifest(MIRRORED, manifestDigest('h'), [tag('h')], 2);
      await store.recordUses([
        { kind: 'manifest', repository: HOSTED, digest: manifestDigest('h'), at: 3 },
      ]);
      assert.deepEqual(await store.evictManifests(ALL), { manifests: 1, pinned: 0, blobs: [] });
      assert.deepEqual(await store.evictManifests(ALL), { manifests: 0, pinned: 0, blobs: [] });
      assert.ok((await store.findTag(HOSTED, tag('h')))?.manifest);
      assert.ok(await store.findBlob(HOSTED, A));
      assert.deepEqual(await store.listLooseBlobs({ usedBefore: 100, limit: 10 }), []);
    });

    it('counts as mirrored the bytes that no hosted repository refers to', async (t) => {
      const store = await openStore(t);
      const mirroredBytes = async (): Promise<number> => (await store.totals()).mirroredBytes;
      await store.commitManifest(commitOf(MIRRORED, 'm', { references: [blob('a', 10)] }));
      await store.recordBlob(MIRRORED, { digest: A, size: 10 }, 1);
      await store.recordBlob(MIRRORED, { digest: A, size: 12 }, 1);
      assert.equal(await mirroredBytes(), 12);
      await store.linkBlob(HOSTED, A, 1);
      await store.linkBlob(HOSTED, A, 1);
      await store.linkBlob(OTHER, A, 1);
      assert.equal(await mirroredBytes(), 0);
      await store.forgetBlob(A);
      await store.recordBlob(MIRRORED, { digest: A, size: 14 }, 1);
      assert.equal(await mirroredBytes(), 0);
      await store.unlinkBlob(HOSTED, A);
      assert.equal(await mirroredBytes(), 0);
      await store.unlinkBlob(OTHER, A);
      assert.equal(await mirroredBytes(), 14);
      await store.evictManifests(ONE);
      assert.deepEqual(await store.dropUnreferencedBlobs([A]), [A]);
      assert.equal(await mirroredBytes(), 0);
    });
  });

  describe(`${name}: collection`, () => {
    it('takes away hosted blobs that no manifest of their repository names', async (t) => {
      const store = await openStore(t);
      await image(store, HOSTED, 'm', { at: 1, blobs: ['config', 'layer'] });
      await store.recordBlob(HOSTED, { digest: A, size: 10 }, 1);
      await store.linkBlob(OTHER, digest('layer'), 1);
      await store.recordBlob(MIRRORED, { digest: digest('mirrored'), size: 10 }, 1);
      assert.deepEqual((await collectAll(store, 2, 1)).toSorted(), [A, digest('layer')].toSorted());
      assert.equal(await store.findBlob(HOSTED, A), undefined);
      assert.equal(await store.findBlob(OTHER, digest('layer')), undefined);
      assert.ok(await store.findBlob(HOSTED, digest('layer')));
      assert.ok(await store.findBlob(MIRRORED, digest('mirrored')));
      assert.deepEqual(await collectAll(store, 2), []);
      assert.deepEqual(await store.dropUnreferencedBlobs([A]), [A]);
    });

    it('walks every repository in pages of any size', async (t) => {
      const store = await openStore(t);
      const repositories = ['a', 'b/c', 'd'].map(hosted);
      for (const [at, repository] of repositories.entries()) {
        for (let count = 0; count < 3; count += 1) {
          const one = { digest: digest(`${at} ${count}`), size: 1 };
          await store.recordBlob(repository, one, 1);
        }
      }
      await store.commitManifest(commitOf(hosted('c'), 'no blobs'));
      assert.equal((await collectAll(store, 2, 2)).length, 9);
    });

    it('spares what was pushed, mounted or used lately', async (t) => {
      const store = await openStore(t);
      for (const one of ['pushed', 'mounted', 'used', 'old']) {
        await store.recordBlob(HOSTED, { digest: digest(one), size: 1 }, 1);
      }
      await store.recordBlob(HOSTED, { digest: digest('pushed'), size: 1 }, 10);
      await store.linkBlob(HOSTED, digest('mounted'), 10);
      await store.recordUses([{ kind: 'blob', digest: digest('used'), at: 10 }]);
      assert.deepEqual(await collectAll(store, 10), [digest('old')]);
      assert.equal((await collectAll(store, 11)).length, 3);
    });

    it('keeps a blob that an index names as its child', async (t) => {
      const store = await openStore(t);
      await image(store, HOSTED, 'index', { children: ['x'] });
      await store.recordBlob(HOSTED, { digest: manifestDigest('x'), size: 1 }, 1);
      assert.deepEqual(await collectAll(store, 10), []);
    });

    it('tells of each held blob whether anybody refers to it', async (t) => {
      const store = await openStore(t);
      await store.recordBlob(HOSTED, { digest: A, size: 1 }, 1);
      await store.recordBlob(MIRRORED, { digest: digest('b'), size: 2 }, 1);
      await store.recordBlob(OTHER, { digest: digest('c'), size: 3 }, 1);
      await store.unlinkBlob(OTHER, digest('c'));
      const sorted = [
        { digest: A, size: 1, hosted: true, linked: true },
        { digest: digest('b'), size: 2, hosted: false, linked: true },
        { digest: digest('c'), size: 3, hosted: false, linked: false },
      ].toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
      const first = await store.listHeldBlobs({ limit: 2 });
      assert.deepEqual(first, sorted.slice(0, 2));
      assert.deepEqual(
        await store.listHeldBlobs({ after: first[1]?.digest, limit: 2 }),
        sorted.slice(2),
      );
    });

    it('drops a blob that only a manifest without the right to it still names', async (t) => {
      const store = await openStore(t);
      await image(store, HOSTED, 'm', { blobs: ['a'] });
      assert.deepEqual(await store.dropUnreferencedBlobs([A]), []);
      await store.unlinkBlob(HOSTED, A);
      assert.deepEqual(await store.dropUnreferencedBlobs([A]), [A]);
    });
  });
}
