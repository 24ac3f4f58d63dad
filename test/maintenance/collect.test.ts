import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { collect } from '../../src/maintenance/collect.ts';
import type { RepositoryName } from '../../src/oci/repository-name.ts';
import { PullThrough } from '../../src/pull-through/pull-through.ts';
import { RecentUses } from '../../src/pull-through/recent-uses.ts';
import { Content } from '../../src/registry/content.ts';
import { ManifestBytes } from '../../src/registry/manifest-bytes.ts';
import { DamagedBlobs } from '../../src/store/damaged-blobs.ts';
import { DigestLocks } from '../../src/store/digest-locks.ts';
import { MemoryBlobStore } from '../../src/store/memory/memory-blob-store.ts';
import { SqliteMetadataStore } from '../../src/store/sqlite/sqlite-metadata-store.ts';
import { chunksOf } from '../contracts/bytes.ts';
import { cleanUp } from '../helpers/clean-up.ts';
import { Gate } from '../helpers/gate.ts';
import { blobPath } from '../../src/store/disk/blob-path.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import {
  ask,
  DAY,
  HOUR,
  startHoldfast,
  startMirror,
  storedFiles,
  temporaryDirectory,
} from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';
import {
  beginUpload,
  close,
  patch,
  pushBlob,
  pushSample,
  putManifest,
  sample,
} from '../spec/pushing.ts';
import { ignore, SILENT_EVENTS } from '../helpers/silent-events.ts';

const BLOB = madeUpBytes('collect', 5_000);

async function isHeld(holdfast: Holdfast, repository: string, digest: string): Promise<boolean> {
  const path = `/v2/${repository}/blobs/${digest}`;
  return (await ask(holdfast, path, { method: 'HEAD' })).status === 200;
}

async function isStored(holdfast: Holdfast, digest: string): Promise<boolean> {
  return (await storedFiles(holdfast)).some((file) => file.endsWith(digest.slice(7)));
}

test('a pushed blob waits a day for its manifest, and is then collected', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const image = await pushSample(holdfast, 'team/app', '1');
  const digest = await pushBlob(holdfast, 'team/app', BLOB);
  holdfast.clock.advance(DAY - HOUR);
  assert.equal((await holdfast.upkeep.collectGarbage()).collected.links, 0);
  holdfast.clock.advance(2 * HOUR);
  const { collected } = await holdfast.upkeep.collectGarbage();
  assert.deepEqual(collected, { links: 1, blobs: 1, bytes: BLOB.length });
  assert.equal(await isHeld(holdfast, 'team/app', digest), false);
  assert.equal(await isStored(holdfast, digest), false);
  assert.equal((await pullImage(holdfast.url, 'team/app', '1')).digest, image.digest);
});

test('a blob that a client was told of lately is not collected before its manifest comes', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const image = sample('told');
  await pushBlob(holdfast, 'team/app', image.config);
  const layer = await pushBlob(holdfast, 'team/app', image.layer);
  holdfast.clock.advance(2 * DAY);
  assert.equal(await isHeld(holdfast, 'team/app', layer), true);
  assert.equal(await isHeld(holdfast, 'team/app', digestOf(image.config)), true);
  await holdfast.upkeep.collectGarbage();
  assert.equal((await putManifest(holdfast, 'team/app', '1', image.manifest)).status, 201);
});

/** Two repositories with a blob that no manifest has named for days, and what tells clients of them. */
async function startOld(t: TestContext) {
  const clock = { time: DAY, now: () => clock.time };
  const dir = await temporaryDirectory(t);
  const metadata = await SqliteMetadataStore.open({ file: join(dir, 'holdfast.db') });
  cleanUp(t, () => metadata.close());
  const blobs = new MemoryBlobStore(clock);
  const locks = new DigestLocks();
  const writer = await blobs.create('upload-1');
  await writer.append(chunksOf(BLOB));
  const stat = await writer.commit({ digest: digestOf(BLOB) });
  const [first, second] = ['team/a', 'team/b'].map(
    (name) => ({ kind: 'hosted', name: name as RepositoryName }) as const,
  );
  assert.ok(first && second);
  for (const repository of [first, second]) await metadata.recordBlob(repository, stat, DAY);
  clock.time += 3 * DAY;
  const uses = new RecentUses(metadata, clock);
  const damaged = new DamagedBlobs({ metadata, blobs, locks, onDamage: ignore });
  const parts = { metadata, blobs, locks, clock, damaged, uses };
  const pullThrough = new PullThrough({
    ...parts,
    mirrors: new Map(),
    events: SILENT_EVENTS,
    prefetch: false,
  });
  const content = new Content({ ...parts, pullThrough, bytes: new ManifestBytes(metadata) });
  const head = () =>
    content.headBlob({ kind: 'bare', hosted: second, mirrored: undefined }, stat.digest);
  const run = () => collect({ ...parts, grace: DAY, flushUses: () => uses.flush() });
  return { metadata, blobs, head, run, digest: stat.digest, second };
}

test('a blob that a client is told of while a collection is at another one is not collected', async (t) => {
  const { metadata, head, run, digest, second } = await startOld(t);
  const collectLinks = metadata.collectLinks.bind(metadata);
  metadata.collectLinks = async (query) => {
    const page = await collectLinks(query);
    if (query.after === undefined) await head();
    return page;
  };
  assert.deepEqual(await run(), { links: 1, blobs: 0, bytes: 0 });
  assert.ok(await metadata.findBlob(second, digest));
});

test('a blob that a client is just being told of is not collected', async (t) => {
  const { metadata, blobs, head, run, digest, second } = await startOld(t);
  const gate = new Gate();
  const stat = blobs.stat.bind(blobs);
  blobs.stat = async (asked) => {
    await gate.pass();
    return stat(asked);
  };
  const asking = head();
  await gate.reached;
  await run();
  gate.release();
  assert.equal((await asking).size, BLOB.length);
  assert.ok(await metadata.findBlob(second, digest));
});

test('a blob that is mounted elsewhere stays there', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const digest = await pushBlob(holdfast, 'team/app', BLOB);
  holdfast.clock.advance(2 * DAY);
  const mount = await holdfast.fetch(
    `/v2/team/other/blobs/uploads/?mount=${digest}&from=team/app`,
    { method: 'POST' },
  );
  assert.equal(mount.status, 201);
  await holdfast.upkeep.collectGarbage();
  assert.equal(await isHeld(holdfast, 'team/other', digest), true);
});

test('mounts and collections of the same blob never leave a repository without it', async (t) => {
  const holdfast = await startHoldfast(t, {});
  for (let round = 0; round < 10; round += 1) {
    const content = madeUpBytes(`round ${round}`, 2_000);
    const digest = await pushBlob(holdfast, 'team/app', content);
    holdfast.clock.advance(2 * DAY);
    const mounts = Array.from({ length: 4 }, (_, index) =>
      holdfast.fetch(`/v2/team/mount-${index}/blobs/uploads/?mount=${digest}&from=team/app`, {
        method: 'POST',
      }),
    );
    const [, ...answers] = await Promise.all([holdfast.upkeep.collectGarbage(), ...mounts]);
    for (const [index, { status }] of answers.entries()) {
      if (status !== 201) continue;
      const { body } = await ask(holdfast, `/v2/team/mount-${index}/blobs/${digest}`);
      assert.ok(body.equals(content), `round ${round}, mount ${index}`);
    }
  }
});

test('a deleted image is unknown at once, and its bytes go with the next collection', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const image = await pushSample(holdfast, 'team/app', '1');
  const layer = digestOf(image.layer);
  const deleted = await ask(holdfast, `/v2/team/app/manifests/${image.digest}`, {
    method: 'DELETE',
  });
  assert.equal(deleted.status, 202);
  assert.equal((await ask(holdfast, '/v2/team/app/manifests/1')).status, 404);
  const blob = await ask(holdfast, `/v2/team/app/blobs/${layer}`, { method: 'DELETE' });
  assert.equal(blob.status, 202);
  assert.equal(await isHeld(holdfast, 'team/app', layer), false);
  await holdfast.upkeep.collectGarbage();
  assert.equal(await isStored(holdfast, layer), false);
  // The config was not deleted: it waits for another manifest, as a pushed blob does.
  assert.equal(await isHeld(holdfast, 'team/app', digestOf(image.config)), true);
});

test('an upload that goes on while collections run can be finished', async (t) => {
  const holdfast = await startHoldfast(t, {});
  const location = await beginUpload(holdfast, 'team/app');
  const first = await patch(holdfast, location, BLOB.subarray(0, 2_000));
  const next = first.headers.get('location') ?? '';
  await holdfast.upkeep.collectGarbage();
  const put = await close(holdfast, next, digestOf(BLOB), BLOB.subarray(2_000));
  assert.equal(put.status, 201);
  await holdfast.upkeep.collectGarbage();
  assert.equal(await isHeld(holdfast, 'team/app', digestOf(BLOB)), true);
});

test('a file without a record is removed, all others stay', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  const pushed = await pushSample(holdfast, 'team/app', '1');
  await pullImage(holdfast.url, 'library/app', '1');
  const before = await storedFiles(holdfast);
  const orphan = digestOf(pushed.manifest);
  const twin = blobPath(holdfast.dir, digestOf(pushed.layer));
  const file = `${twin.slice(0, -62)}${orphan.slice(-62)}`;
  await writeFile(file, 'left behind');
  assert.equal((await holdfast.upkeep.collectGarbage()).orphans, 1);
  assert.deepEqual(await storedFiles(holdfast), before);
});
