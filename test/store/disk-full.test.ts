import assert from 'node:assert/strict';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { StoreFullError } from '../../src/store/blob-store.ts';
import { chunksOf, collect, contentOf, StepReader } from '../contracts/bytes.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { Child } from './child.ts';
import { openDiskStore } from './open-disk-store.ts';
import { temporaryDirectory } from './temporary-directory.ts';

describe('a disk without room', () => {
  it('stops an append with StoreFullError, which goes on when there is room again', async (t) => {
    const dir = await smallDisk(t, 4);
    if (dir === undefined) return t.skip('mounting a small file system is not permitted here');
    const content = contentOf(3_000_000);
    await writeFile(join(dir, 'ballast'), Buffer.alloc(2 * 1024 * 1024));
    const store = await openDiskStore(t, dir);
    const writer = await store.create('upload-1');
    const follower = new StepReader(writer.follow({ start: 0 }));
    await assert.rejects(writer.append(chunksOf(content)), (error) => {
      assert.ok(error instanceof StoreFullError);
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'ENOSPC');
      return true;
    });
    assert.ok(writer.size > 1_000_000 && writer.size < content.length);
    await assert.rejects(store.probe(), StoreFullError);

    await rm(join(dir, 'ballast'));
    await store.probe();
    await writer.append(chunksOf(content.subarray(writer.size)));
    await writer.commit({ digest: digestOf(content), size: content.length });
    assert.ok(content.equals(await follower.readAll()));
    assert.ok(content.equals(await collect(await store.open(digestOf(content)))));
    await store.close();
  });

  it('does not leave a hash behind that knows what was not written', async (t) => {
    const dir = await smallDisk(t, 32);
    if (dir === undefined) return t.skip('mounting a small file system is not permitted here');
    const content = contentOf(6_000_000);
    const store = await openDiskStore(t, dir);
    const writer = await store.create('upload-1');
    // Large enough for a hash on another thread, which is still busy when the disk has long been full.
    await writer.append(chunksOf(content.subarray(0, 5 * 1024 * 1024)));
    const ballast = join(dir, 'ballast');
    await assert.rejects(writeFile(ballast, Buffer.alloc(32 * 1024 * 1024)), { code: 'ENOSPC' });
    const refused = (async function* () {
      yield Buffer.alloc(150_000_000);
    })();
    await assert.rejects(writer.append(refused), StoreFullError);
    await truncate(ballast);
    await writer.append(chunksOf(content.subarray(writer.size)));
    await writer.commit({ digest: digestOf(content), size: content.length });
    await store.close();
  });

  it('is not what a limit on the size of one file means', async (t) => {
    const dir = await temporaryDirectory(t);
    // POSIX counts the limit in blocks of 512 bytes.
    const child = new Child(t, 'append.ts', [dir, '3000000', '3000000'], 'ulimit -f 2000');
    const said = JSON.parse((await child.line()) ?? '') as Record<string, unknown>;
    assert.deepEqual(said, { name: 'Error', code: 'EFBIG', size: 1_024_000 });
  });
});
