import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { removeUnneededBlob } from '../../src/maintenance/remove-blob.ts';
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

  const removal = removeUnneededBlob(keeping, DIGEST);
  await gate.reached;
  const push = keepBlob(
    keeping,
    { repository: HOSTED, digest: DIGEST, at: 2 },
    await write(blobs, 'upload-1'),
  );
  gate.release();
  assert.equal(await removal, true);
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
  assert.equal(await removeUnneededBlob(keeping, DIGEST), false);
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
