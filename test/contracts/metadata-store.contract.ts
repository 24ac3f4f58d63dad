/** What every metadata store promises of manifests, tags, repositories and uploads. Blobs are in `blob-records.contract.ts`. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { MediaType } from '../../src/oci/media-types.ts';
import { displayName } from '../../src/oci/repository.ts';
import type { MetadataStore, UploadRecord } from '../../src/store/metadata-store.ts';
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

/** Opens an empty store that is closed and gone after the test. */
export type OpenMetadataStore = (t: TestContext) => Promise<MetadataStore>;

const HOSTED = hosted('team/app');
const MIRRORED = mirrored('docker.io', 'library/node');
const ALL = { limit: 1_000 };

function upload(id: string, usedAt: number, repository = HOSTED): UploadRecord {
  return { id, repository, algorithm: 'sha512', createdAt: 1, usedAt };
}

export function metadataStoreContract(name: string, openStore: OpenMetadataStore): void {
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

    it('knows which manifests an index of the repository names', async (t) => {
      const store = await openStore(t);
      await store.commitManifest(
        commitOf(HOSTED, 'index', { references: [child('m'), blob('a')] }),
      );
      assert.equal(await store.refersToManifest(HOSTED, manifestDigest('m')), true);
      assert.equal(await store.refersToManifest(MIRRORED, manifestDigest('m')), false);
      assert.equal(await store.refersToManifest(HOSTED, digest('a')), false);
      await store.deleteManifest(HOSTED, manifestDigest('index'));
      assert.equal(await store.refersToManifest(HOSTED, manifestDigest('m')), false);
    });
  });

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
      assert.deepEqual(await store.totals(), { blobs: 0, blobBytes: 0, manifests: 0 });
      await store.commitManifest(commitOf(HOSTED, 'one'));
      await store.commitManifest(commitOf(MIRRORED, 'one'));
      await store.commitManifest(commitOf(MIRRORED, 'two'));
      await store.recordBlob(MIRRORED, { digest: digest('a'), size: 10 }, 1);
      await store.recordBlob(HOSTED, { digest: digest('a'), size: 11 }, 1);
      await store.recordBlob(MIRRORED, { digest: digest('b'), size: 5 }, 1);
      assert.deepEqual(await store.totals(), { blobs: 2, blobBytes: 16, manifests: 2 });
      await store.deleteManifest(MIRRORED, manifestDigest('one'));
      await store.deleteManifest(MIRRORED, manifestDigest('two'));
      await store.forgetBlob(digest('a'));
      await store.unlinkBlob(MIRRORED, digest('b'));
      assert.deepEqual(await store.totals(), { blobs: 0, blobBytes: 0, manifests: 1 });
    });

    it('answers a probe', async (t) => {
      const store = await openStore(t);
      await store.probe();
      assert.deepEqual(await store.totals(), { blobs: 0, blobBytes: 0, manifests: 0 });
    });
  });

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
