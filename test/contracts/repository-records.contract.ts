/** What every metadata store promises of repositories and totals. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { displayName } from '../../src/oci/repository.ts';
import {
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
const NOTHING = { blobs: 0, blobBytes: 0, mirroredBytes: 0, manifests: 0 };

export function repositoryRecordsContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: repositories`, () => {
    it('never confuses a hosted repository with a mirrored one of the same display name', async (t) => {
      const store = await openStore(t);
      const own = hosted('a/b');
      const mirror = mirrored('a', 'b');
      await store.commitManifest(commitOf(own, 'own', { tags: [tag('v1')] }));
      await store.commitManifest(commitOf(mirror, 'mirror', { tags: [tag('v1')] }));
      assert.deepEqual((await store.findTag(own, tag('v1')))?.manifest, recordOf('own'));
      assert.deepEqual((await store.findTag(mirror, tag('v1')))?.manifest, recordOf('mirror'));
      assert.equal(await store.findManifest(mirror, manifestDigest('own')), undefined);
      await store.deleteManifest(mirror, manifestDigest('mirror'));
      assert.ok(await store.findTag(own, tag('v1')));
      assert.deepEqual(await store.listRepositories(ALL), [own]);
    });

    it('lists those that hold a manifest in byte order of their display names, page by page', async (t) => {
      const store = await openStore(t);
      const names = ['b', 'a-b', 'a/b', 'a', 'docker.io', 'a.b', 'zz'];
      for (const one of names) await store.commitManifest(commitOf(hosted(one), one));
      await store.commitManifest(commitOf(mirrored('docker.io', 'library/x'), 'x'));
      await store.recordTag(mirrored('docker.io', 'empty'), tag('v1'), digest('m'), 1);
      await store.recordBlob(hosted('blobs/only'), { digest: digest('a'), size: 1 }, 1);
      const list = async (page: { after?: string; limit: number }): Promise<string[]> =>
        (await store.listRepositories(page)).map(displayName);
      const sorted = ['a', 'a-b', 'a.b', 'a/b', 'b', 'docker.io', 'docker.io/library/x', 'zz'];
      assert.deepEqual(await list(ALL), sorted);
      assert.deepEqual(await list({ limit: 3 }), sorted.slice(0, 3));
      assert.deepEqual(await list({ after: 'a.b', limit: 2 }), ['a/b', 'b']);
      assert.deepEqual(await list({ after: 'docker.io/a', limit: 1 }), ['docker.io/library/x']);
      assert.deepEqual(await list({ after: 'zz', limit: 1 }), []);
      assert.deepEqual(await list({ limit: 0 }), []);
    });

    it('keeps two of one display name on the same page', async (t) => {
      const store = await openStore(t);
      const twins = [hosted('a/b'), mirrored('a', 'b')];
      for (const one of [...twins, hosted('a/c'), hosted('a/d')]) {
        await store.commitManifest(commitOf(one, 'm'));
      }
      assert.deepEqual(await store.listRepositories({ limit: 1 }), twins);
      assert.deepEqual(await store.listRepositories({ after: 'a/b', limit: 1 }), [hosted('a/c')]);
    });

    it('knows a repository from the first push or fetch on, emptied or not', async (t) => {
      const store = await openStore(t);
      const steps = [
        () => store.commitManifest(commitOf(HOSTED, 'm')),
        () => store.recordTag(MIRRORED, tag('v1'), digest('m'), 1),
        () => store.recordBlob(hosted('b'), { digest: digest('a'), size: 1 }, 1),
        () => store.linkBlob(hosted('c'), digest('a'), 1),
      ];
      for (const [index, repository] of [HOSTED, MIRRORED, hosted('b'), hosted('c')].entries()) {
        assert.equal(await store.hasRepository(repository), false);
        await steps[index]?.();
        assert.equal(await store.hasRepository(repository), true);
      }
      await store.deleteManifest(HOSTED, manifestDigest('m'));
      assert.equal(await store.hasRepository(HOSTED), true);
      assert.deepEqual(await store.listRepositories(ALL), []);
    });

    it('does not come to know a repository by a question', async (t) => {
      const store = await openStore(t);
      await store.createUpload({
        id: 'u',
        repository: HOSTED,
        algorithm: 'sha256',
        createdAt: 1,
        usedAt: 1,
      });
      await store.deleteTag(HOSTED, tag('v1'));
      await store.deleteManifest(HOSTED, digest('m'));
      await store.linkBlob(HOSTED, digest('a'), 1);
      await store.unlinkBlob(HOSTED, digest('a'));
      await store.findTag(HOSTED, tag('v1'));
      assert.equal(await store.hasRepository(HOSTED), false);
    });

    it('keeps totals of what is held, each thing once', async (t) => {
      const store = await openStore(t);
      assert.deepEqual(await store.totals(), NOTHING);
      await store.commitManifest(commitOf(HOSTED, 'one'));
      await store.commitManifest(commitOf(MIRRORED, 'one'));
      await store.commitManifest(commitOf(MIRRORED, 'two'));
      await store.recordBlob(MIRRORED, { digest: digest('a'), size: 10 }, 1);
      await store.recordBlob(HOSTED, { digest: digest('a'), size: 11 }, 1);
      await store.recordBlob(MIRRORED, { digest: digest('b'), size: 5 }, 1);
      assert.deepEqual(await store.totals(), {
        blobs: 2,
        blobBytes: 16,
        mirroredBytes: 5,
        manifests: 2,
      });
      await store.deleteManifest(MIRRORED, manifestDigest('one'));
      await store.deleteManifest(MIRRORED, manifestDigest('two'));
      await store.forgetBlob(digest('a'));
      await store.unlinkBlob(MIRRORED, digest('b'));
      assert.deepEqual(await store.totals(), { ...NOTHING, manifests: 1 });
    });

    it('answers a probe', async (t) => {
      const store = await openStore(t);
      await store.probe();
      assert.deepEqual(await store.totals(), NOTHING);
    });
  });
}
