import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import { removeUnneededBlobs } from '../../src/maintenance/remove-blob.ts';
import { digestOf } from '../../src/oci/digest.ts';
import type { BlobStat, BlobStore } from '../../src/store/blob-store.ts';
import { DigestLocks } from '../../src/store/digest-locks.ts';
import { keepBlob } from '../../src/store/keep-blob.ts';
import { MemoryBlobStore } from '../../src/store/memory/memory-blob-store.ts';
import { MemoryMetadataStore } from '../../src/store/memory/memory-metadata-store.ts';
import { chunksOf } from '../contracts/bytes.ts';
import { hosted, mirrored } from '../contracts/metadata-fixtures.ts';
import { Gate } from '../helpers/gate.ts';

const HOSTED = hosted('team/app');
const MIRRORED = mirrored('docker.io', 'library/app');
const CONTENT = Buffer.from('content');
const DIGEST = digestOf(CONTENT);
const BLOB = { digest: DIGEST, size: CONTENT.byteLength };

/** A store that stands at the gate before it deletes a blob. */
function deletingBehind(gate: Gate): BlobStore {
  const store = new MemoryBlobStore(systemClock);
  const remove = store.delete.bind(store);
  store.delete = async (digest) => {
    await gate.pass();
    await remove(digest);
  };
  return store;
}

async function write(blobs: BlobStore, id: string): Promise<() => Promise<BlobStat>> {
  const writer = await blobs.create(id);
  await writer.append(chunksOf(CONTENT));
  return () => writer.commit({ digest: DIGEST });
}

test('a push that comes while the same blob is removed is kept whole', async () => {
  const gate = new Gate();
  const blobs = deletingBehind(gate);
  const metadata = new MemoryMetadataStore();
  const keeping = { metadata, blobs, locks: new DigestLocks() };
  await keepBlob(
    keeping,
    { repository: MIRRORED, digest: DIGEST, at: 1 },
    await write(blobs, 'fill-1'),
  );

  const removal = removeUnneededBlobs(keeping, [BLOB]);
  await gate.reached;
  const push = keepBlob(
    keeping,
    { repository: HOSTED, digest: DIGEST, at: 2 },
    await write(blobs, 'upload-1'),
  );
  gate.release();
  assert.deepEqual(await removal, [BLOB]);
  await push;
  assert.deepEqual(await metadata.findBlob(HOSTED, DIGEST), { digest: DIGEST, size: 7 });
  assert.deepEqual(await blobs.stat(DIGEST), { digest: DIGEST, size: 7 });
});

test('a blob is not removed once a repository has come to need it', async () => {
  const blobs = new MemoryBlobStore(systemClock);
  const metadata = new MemoryMetadataStore();
  const keeping = { metadata, blobs, locks: new DigestLocks() };
  const commit = await write(blobs, 'fill-1');
  await keepBlob(keeping, { repository: MIRRORED, digest: DIGEST, at: 1 }, commit);
  assert.equal(await metadata.linkBlob(HOSTED, DIGEST, 2), true);
  assert.deepEqual(await removeUnneededBlobs(keeping, [BLOB]), []);
  assert.ok(await blobs.stat(DIGEST));
});

test('bytes whose record could not be written do not stay', async () => {
  const blobs = new MemoryBlobStore(systemClock);
  const metadata = new MemoryMetadataStore();
  metadata.recordBlob = () => Promise.reject(new Error('the disk is full'));
  const keeping = { metadata, blobs, locks: new DigestLocks() };
  const commit = await write(blobs, 'fill-1');
  const kept = keepBlob(keeping, { repository: MIRRORED, digest: DIGEST, at: 1 }, commit);
  await assert.rejects(kept, /full/);
  assert.equal(await blobs.stat(DIGEST), undefined);
});

test('blobs are removed together, but for those that are needed or not held', async () => {
  const blobs = new MemoryBlobStore(systemClock);
  const metadata = new MemoryMetadataStore();
  const keeping = { metadata, blobs, locks: new DigestLocks() };
  const contents = Array.from({ length: 25 }, (_, index) => Buffer.from(`content ${index}`));
  const records = contents.map((bytes) => ({ digest: digestOf(bytes), size: bytes.byteLength }));
  for (const [index, { digest }] of records.entries()) {
    const writer = await blobs.create(`fill-${index}`);
    await writer.append(chunksOf(contents[index] ?? CONTENT));
    const kept = { repository: index === 12 ? HOSTED : MIRRORED, digest, at: 1 };
    await keepBlob(keeping, kept, () => writer.commit({ digest }));
  }
  const needed = records[12];

  const removed = await removeUnneededBlobs(keeping, [...records, BLOB]);
  assert.deepEqual(
    removed,
    records.filter((one) => one !== needed),
  );
  for (const { digest } of records) {
    const isNeeded = digest === needed?.digest;
    assert.equal((await blobs.stat(digest)) !== undefined, isNeeded);
    assert.equal((await metadata.findHeldBlob(digest)) !== undefined, isNeeded);
  }
});

test('what waits for one of several blobs waits for all of them, and nobody in a circle', async () => {
  const locks = new DigestLocks();
  const other = digestOf(Buffer.from('other'));
  const order: string[] = [];
  const gate = new Gate();
  const first = locks.runAll([DIGEST, other], async () => {
    await gate.pass();
    order.push('both');
  });
  const turned = locks.runAll([other, DIGEST], async () => order.push('both, turned'));
  const one = locks.run(DIGEST, async () => order.push('one'));
  const free = await locks.run(digestOf(Buffer.from('free')), async () => order.push('free'));
  await gate.reached;
  assert.equal(free, 1);
  gate.release();
  await Promise.all([first, turned, one]);
  assert.deepEqual(order, ['free', 'both', 'both, turned', 'one']);
});

test('a push of a blob that is removed together with one that cannot be removed is kept whole', async () => {
  const gate = new Gate();
  const blobs = deletingBehind(gate);
  const metadata = new MemoryMetadataStore();
  const keeping = { metadata, blobs, locks: new DigestLocks() };
  await keepBlob(
    keeping,
    { repository: MIRRORED, digest: DIGEST, at: 1 },
    await write(blobs, 'fill-1'),
  );
  const stuck = { digest: digestOf(Buffer.from('stuck')), size: 5 };
  await metadata.recordBlob(MIRRORED, stuck, 1);
  const remove = blobs.delete.bind(blobs);
  blobs.delete = async (digest) => {
    if (digest === stuck.digest) throw new Error('the disk is broken');
    await remove(digest);
  };

  const removal = assert.rejects(removeUnneededBlobs(keeping, [stuck, BLOB]), /broken/);
  await gate.reached;
  const push = keepBlob(
    keeping,
    { repository: HOSTED, digest: DIGEST, at: 2 },
    await write(blobs, 'upload-1'),
  );
  // Long enough for a push that waits for nobody.
  await setTimeout(10);
  gate.release();
  await removal;
  await push;
  assert.deepEqual(await blobs.stat(DIGEST), { digest: DIGEST, size: 7 });
});
