/** What every metadata store promises about pins: what they match stays, also what comes later, and nothing else does. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commitOf, digest, manifestDigest, mirrored, tag } from './metadata-fixtures.ts';
import { heldImage } from './held-image.ts';
import type { OpenMetadataStore } from './open-stores.ts';
import type { MetadataStore } from '../../src/store/metadata-store.ts';

const NODE = mirrored('docker.io', 'library/node');
const APP = mirrored('ghcr.io', 'org/app');

/** Evicts everything that may go; tells which of these manifests are left. */
async function left(store: MetadataStore, names: readonly string[]): Promise<string[]> {
  for (;;) {
    const { manifests, pinned } = await store.evictManifests({ bytes: Infinity, limit: 2 });
    if (manifests === 0 && pinned === 0) break;
  }
  const found: string[] = [];
  for (const name of names) {
    if (await store.readManifest(manifestDigest(name))) found.push(name);
  }
  return found;
}

export function pinsContract(name: string, openStore: OpenMetadataStore): void {
  describe(`${name}: pins`, () => {
    it('lists pins, each once', async (t) => {
      const { inventory } = await openStore(t);
      assert.equal(await inventory.addPin('docker.io/library/node:20', 5), true);
      assert.equal(await inventory.addPin('docker.io/library/*:3', 6), true);
      assert.equal(await inventory.addPin('docker.io/library/node:20', 7), false);
      assert.deepEqual(await inventory.listPins(), [
        { pattern: 'docker.io/library/*:3', at: 6, configured: false },
        { pattern: 'docker.io/library/node:20', at: 5, configured: false },
      ]);
      assert.equal(await inventory.removePin('docker.io/library/*:3', 10), 'removed');
      assert.equal(await inventory.removePin('docker.io/library/*:3', 10), 'absent');
      assert.equal((await inventory.listPins()).length, 1);
    });

    it('keeps an image with all that it needs, and no other', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'x64', { at: 1, blobs: ['layer'] });
      await heldImage(store, NODE, 'index', { at: 1, children: ['x64'] });
      await heldImage(store, NODE, 'outer', { at: 1, children: ['index'], tags: ['20'] });
      await heldImage(store, NODE, 'other', { at: 2, tags: ['21'], blobs: ['other layer'] });
      await heldImage(store, APP, 'app', { at: 3, tags: ['20'] });
      await store.inventory.addPin('docker.io/library/node:20', 5);
      const names = ['x64', 'index', 'outer', 'other', 'app'];
      assert.deepEqual(await left(store, names), ['x64', 'index', 'outer']);
      assert.deepEqual(await store.dropUnreferencedBlobs([digest('layer')]), []);
      assert.deepEqual(await store.dropUnreferencedBlobs([digest('other layer')]), [
        digest('other layer'),
      ]);
    });

    it('keeps what a glob matches, also what comes later', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'a', { at: 1, tags: ['3.1'] });
      await heldImage(store, NODE, 'b', { at: 2, tags: ['4.1'] });
      await store.inventory.addPin('docker.io/*:3.*', 5);
      assert.deepEqual(await left(store, ['a', 'b']), ['a']);
      await heldImage(store, mirrored('docker.io', 'grafana/loki'), 'c', { at: 6, tags: ['3.2'] });
      await heldImage(store, APP, 'd', { at: 6, tags: ['3.2'] });
      assert.deepEqual(await left(store, ['a', 'b', 'c', 'd']), ['a', 'c']);
    });

    it('keeps a manifest by its digest', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'a', { at: 1 });
      await heldImage(store, APP, 'a', { at: 1 });
      await store.inventory.addPin(`docker.io/library/node@${manifestDigest('a')}`, 5);
      assert.deepEqual(await left(store, ['a']), ['a']);
      assert.equal(await store.findManifest(APP, manifestDigest('a')), undefined);
    });

    it('keeps what refers to a pinned image, and lets it go when the tag has moved on', async (t) => {
      const store = await openStore(t);
      const refer = async (one: string, to: string, tags: readonly string[] = []) => {
        const subject = tags.length === 0 ? { subject: manifestDigest(to) } : {};
        await store.commitManifest(commitOf(NODE, one, { at: 1, tags: tags.map(tag), ...subject }));
      };
      const cosignTag = `${manifestDigest('index').replace(':', '-')}.sig`;
      await heldImage(store, NODE, 'x64', { at: 1 });
      await heldImage(store, NODE, 'index', { at: 1, children: ['x64'], tags: ['20'] });
      await refer('sbom', 'index');
      await refer('signed sbom', 'sbom');
      await refer('sbom of x64', 'x64');
      await refer('cosign', 'index', [cosignTag]);
      await heldImage(store, NODE, 'other', { at: 1, tags: ['21'] });
      await refer('sbom of other', 'other');
      await store.inventory.addPin('docker.io/library/node:20', 5);
      const kept = ['x64', 'index', 'sbom', 'signed sbom', 'sbom of x64', 'cosign'];
      assert.deepEqual(await left(store, [...kept, 'other', 'sbom of other']), kept);
      await heldImage(store, NODE, 'new', { at: 2, tags: ['20'] });
      assert.deepEqual(await left(store, [...kept, 'new']), ['new']);
    });

    it('lets go what refers to a deleted image', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'image', { at: 1, tags: ['20'] });
      const subject = manifestDigest('image');
      await store.commitManifest(commitOf(NODE, 'sbom', { at: 1, subject }));
      await store.inventory.addPin('docker.io/library/node:2*', 5);
      assert.deepEqual(await left(store, ['image', 'sbom']), ['image', 'sbom']);
      await store.deleteManifest(NODE, subject);
      assert.deepEqual(await left(store, ['image', 'sbom']), []);
    });

    it('lets go what a pinned tag named before', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'x64', { at: 1 });
      await heldImage(store, NODE, 'old', { at: 1, children: ['x64'], tags: ['20'] });
      await store.inventory.addPin('docker.io/library/node:20', 5);
      assert.deepEqual(await left(store, ['old', 'x64']), ['old', 'x64']);
      await heldImage(store, NODE, 'new', { at: 2, tags: ['20'] });
      assert.deepEqual(await left(store, ['old', 'x64', 'new']), ['new']);
    });

    it('lets go what a deleted tag or index kept', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'tagged', { at: 1, tags: ['20'] });
      await heldImage(store, NODE, 'x64', { at: 1 });
      await heldImage(store, NODE, 'index', { at: 1, children: ['x64'], tags: ['21'] });
      await store.inventory.addPin('docker.io/library/node:2?', 5);
      assert.equal((await left(store, ['tagged', 'x64', 'index'])).length, 3);
      await store.deleteTag(NODE, tag('20'));
      await store.deleteManifest(NODE, manifestDigest('index'));
      assert.deepEqual(await left(store, ['tagged', 'x64', 'index']), []);
    });

    it('lets everything go that the pin kept, and keeps what another one keeps', async (t) => {
      const store = await openStore(t);
      for (const one of ['a', 'b', 'c']) await heldImage(store, NODE, one, { at: 1, tags: [one] });
      await store.inventory.addPin('docker.io/library/node:*', 5);
      await store.inventory.addPin('docker.io/library/node:b', 5);
      assert.equal((await left(store, ['a', 'b', 'c'])).length, 3);
      const steps: string[] = [];
      do steps.push(await store.inventory.removePin('docker.io/library/node:*', 2));
      while (steps.at(-1) === 'more');
      assert.equal(steps.at(-1), 'removed');
      assert.deepEqual(await left(store, ['a', 'b', 'c']), ['b']);
    });
  });

  describe(`${name}: pins of the configuration`, () => {
    it('has those that stand there, beside those that were added', async (t) => {
      const { inventory } = await openStore(t);
      await inventory.addPin('docker.io/library/node:1', 5);
      await inventory.addPin('docker.io/library/node:2', 5);
      const stated = ['docker.io/library/node:2', 'ghcr.io/**'];
      assert.equal(await inventory.configurePins(stated, 6, 10), 'done');
      const pins = [
        { pattern: 'docker.io/library/node:1', at: 5, configured: false },
        { pattern: 'docker.io/library/node:2', at: 5, configured: true },
        { pattern: 'ghcr.io/**', at: 6, configured: true },
      ];
      assert.deepEqual(await inventory.listPins(), pins);
      assert.equal(await inventory.configurePins(stated.toReversed(), 7, 10), 'done');
      assert.deepEqual(await inventory.listPins(), pins);
      assert.equal(await inventory.configurePins(['ghcr.io/**'], 8, 10), 'done');
      assert.deepEqual(await inventory.listPins(), [pins[0], pins[2]]);
      assert.equal(await inventory.configurePins([], 9, 10), 'done');
      assert.deepEqual(await inventory.listPins(), [pins[0]]);
    });

    it('keeps what they match, and lets it go when they have gone', async (t) => {
      const store = await openStore(t);
      for (const one of ['a', 'b', 'c']) await heldImage(store, NODE, one, { at: 1, tags: [one] });
      await store.inventory.configurePins(['docker.io/library/node:*'], 5, 10);
      await store.inventory.addPin('docker.io/library/node:b', 5);
      assert.equal((await left(store, ['a', 'b', 'c'])).length, 3);
      const steps: string[] = [];
      do steps.push(await store.inventory.configurePins(['docker.io/library/other:1'], 6, 2));
      while (steps.at(-1) === 'more');
      assert.deepEqual(await left(store, ['a', 'b', 'c']), ['b']);
    });
  });

  describe(`${name}: what goes next`, () => {
    it('tells loose blobs and manifests in the order in which they go, with what each frees', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'a', { at: 10, tags: ['a'], blobs: ['base', 'a1'] });
      await heldImage(store, APP, 'b', { at: 11, tags: ['b', 'b2'], blobs: ['base', 'b1'] });
      await heldImage(store, NODE, 'kept', { at: 9, tags: ['kept'], blobs: ['k1'] });
      await store.recordBlob(APP, { digest: digest('loose'), size: 7 }, 5);
      await store.recordBlob(APP, { digest: digest('too young'), size: 7 }, 50);
      await store.inventory.addPin('docker.io/library/node:kept', 5);
      const next = await store.inventory.nextEvictions({ limit: 10, looseBefore: 50 });
      assert.deepEqual(next, [
        { kind: 'blob', repository: APP, digest: digest('loose'), bytes: 7, usedAt: 5 },
        {
          kind: 'manifest',
          repository: NODE,
          digest: manifestDigest('a'),
          tags: ['a'],
          belongsTo: [],
          bytes: 100,
          usedAt: 10,
        },
        {
          kind: 'manifest',
          repository: APP,
          digest: manifestDigest('b'),
          tags: ['b', 'b2'],
          belongsTo: [],
          bytes: 200,
          usedAt: 11,
        },
      ]);
      const first = await store.inventory.nextEvictions({ limit: 2, looseBefore: 50 });
      assert.deepEqual(first, next.slice(0, 2));
      // It is the order of eviction itself.
      for (const told of next.slice(1)) {
        const { blobs } = await store.evictManifests({ bytes: 1, limit: 1 });
        assert.equal(
          blobs.reduce((sum, { size }) => sum + size, 0),
          told.bytes,
        );
        assert.equal(await store.readManifest(told.digest), undefined);
      }
    });

    it('tells what a manifest without a tag of its own is a part of', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'x64', { at: 1, blobs: ['x1'] });
      await heldImage(store, NODE, 'index', { at: 2, children: ['x64'], tags: ['20', 'lts'] });
      await heldImage(store, APP, 'index', { at: 3, tags: ['elsewhere'] });
      const subject = manifestDigest('index');
      await store.commitManifest(commitOf(NODE, 'signature', { at: 4, subject }));
      const next = await store.inventory.nextEvictions({ limit: 10, looseBefore: 0 });
      assert.deepEqual(
        next.map((one) => one.kind === 'manifest' && [one.tags, one.belongsTo]),
        [
          [[], ['20', 'lts']],
          [['20', 'lts'], []],
          [['elsewhere'], []],
          [[], ['20', 'lts']],
        ],
      );
    });

    it('frees the blobs of a manifest with the last repository that holds it', async (t) => {
      const store = await openStore(t);
      await heldImage(store, NODE, 'a', { at: 1, blobs: ['a1'] });
      await store.adoptManifest(APP, manifestDigest('a'), [], 2);
      const next = await store.inventory.nextEvictions({ limit: 10, looseBefore: 0 });
      assert.deepEqual(
        next.map(({ bytes }) => bytes),
        [0, 100],
      );
    });
  });
}
