import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { Deferred } from '../../src/pull-through/deferred.ts';
import { PushBlob } from '../../src/registry/push-blob.ts';
import { DigestLocks } from '../../src/store/digest-locks.ts';
import { MemoryBlobStore } from '../../src/store/memory/memory-blob-store.ts';
import { MemoryMetadataStore } from '../../src/store/memory/memory-metadata-store.ts';
import { TestClock } from '../helpers/holdfast.ts';

test('an upload whose chunk is still arriving is not abandoned, however old it is', async () => {
  const clock = new TestClock();
  const metadata = new MemoryMetadataStore();
  const blobs = new MemoryBlobStore(clock);
  const pushBlob = new PushBlob({ metadata, blobs, locks: new DigestLocks(), clock });
  const name = parseRepositoryName('team/app');
  assert.ok(name !== undefined);
  const repository = { kind: 'hosted', name } as const;
  const { id } = await pushBlob.begin(repository, 'sha256');
  const [arrived, rest] = [new Deferred<undefined>(), new Deferred<undefined>()];
  async function* slowBody() {
    yield Buffer.from('one');
    arrived.resolve(undefined);
    await rest.promise;
    yield Buffer.from('two');
  }
  const appended = pushBlob.append(repository, id, { range: undefined, body: slowBody() });
  await arrived.promise;
  clock.advance(1_000_000);
  assert.equal(await pushBlob.expire(clock.now()), 0);
  rest.resolve(undefined);
  assert.deepEqual(await appended, { id, size: 6 });
  await pushBlob.finish(repository, id, digestOf(Buffer.from('onetwo')), undefined);

  const { id: idle } = await pushBlob.begin(repository, 'sha256');
  clock.advance(1_000);
  assert.equal(await pushBlob.expire(clock.now()), 1);
  await assert.rejects(pushBlob.status(repository, idle), { code: 'BLOB_UPLOAD_UNKNOWN' });
  await pushBlob.close();
});
