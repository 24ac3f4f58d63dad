import assert from 'node:assert/strict';
import { mkdir, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { digestHex, digestOf } from '../../src/oci/digest.ts';
import { SizeMismatchError } from '../../src/store/blob-store.ts';
import type { DiskBlobStore } from '../../src/store/disk/disk-blob-store.ts';
import { chunksOf, collect, contentOf, StepReader } from '../contracts/bytes.ts';
import { openDiskStore } from './open-disk-store.ts';
import { openFiles } from './open-files.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const CONTENT = contentOf(9_000_000, 'file');
const DIGEST = digestOf(CONTENT);
const HEX = digestHex(DIGEST);

async function keep(store: DiskBlobStore, content: Uint8Array, id = 'upload-1'): Promise<void> {
  const writer = await store.create(id);
  await writer.append(chunksOf(content, 64 * 1024));
  await writer.commit({ digest: digestOf(content), size: content.length });
}

describe('the files of the disk store', () => {
  it('lie where the drawing says, open to the group once the folder of them all is', async (t) => {
    const dir = await temporaryDirectory(t);
    const store = await openDiskStore(t, dir);
    await keep(store, CONTENT);
    await store.create('fill-1');
    const file = await stat(join(dir, 'blobs', 'sha256', HEX.slice(0, 2), HEX));
    assert.deepEqual([file.size, file.mode & 0o777], [CONTENT.length, 0o640]);
    const modes = await Promise.all(
      ['blobs', 'blobs/sha256', `blobs/sha256/${HEX.slice(0, 2)}`, 'unfinished'].map(
        async (folder) => (await stat(join(dir, folder))).mode & 0o777,
      ),
    );
    assert.deepEqual(modes, [0o700, 0o750, 0o750, 0o700]);
    assert.deepEqual(await readdir(join(dir, 'unfinished')), ['fill-1.part']);
    assert.deepEqual((await readdir(dir)).toSorted(), ['blobs', 'unfinished']);
  });

  it('are kept in a place of their own when they are set aside', async (t) => {
    const dir = await temporaryDirectory(t);
    const store = await openDiskStore(t, dir);
    await keep(store, CONTENT);
    await store.setAside(DIGEST);
    assert.equal((await stat(join(dir, 'damaged', `sha256-${HEX}`))).size, CONTENT.length);
    assert.equal((await stat(join(dir, 'damaged'))).mode & 0o777, 0o700);
  });

  it('are known to be read until the last reader has left', async (t) => {
    const store = await openDiskStore(t);
    await keep(store, CONTENT);
    assert.equal(store.isBeingRead(DIGEST), false);
    const [first, second] = [
      await store.open(DIGEST),
      await store.open(DIGEST, { start: 0, end: 1 }),
    ];
    await collect(first);
    assert.equal(store.isBeingRead(DIGEST), true);
    await second[Symbol.asyncIterator]().return?.();
    assert.equal(store.isBeingRead(DIGEST), false);
  });

  it('leave as much room as the disk says', async (t) => {
    const store = await openDiskStore(t);
    const before = await store.freeSpace();
    assert.ok(Number.isSafeInteger(before) && before > CONTENT.length);
  });

  it('are found again by another store over the same directory', async (t) => {
    const dir = await temporaryDirectory(t);
    const first = await openDiskStore(t, dir);
    await keep(first, CONTENT);
    await first.close();
    const second = await openDiskStore(t, dir);
    assert.ok(CONTENT.equals(await collect(await second.open(DIGEST))));
  });

  it('are never named by anything but a writer id', async (t) => {
    const store = await openDiskStore(t);
    for (const id of ['', '../escape', 'a/b', 'A', 'a.part', 'a'.repeat(201)]) {
      await assert.rejects(store.create(id), TypeError);
      await assert.rejects(store.resume(id), TypeError);
      await assert.rejects(store.discardUnfinished(id), TypeError);
    }
  });

  it('leave strangers in the directory alone and out of the listings', async (t) => {
    const dir = await temporaryDirectory(t);
    const store = await openDiskStore(t, dir);
    await keep(store, CONTENT);
    const shard = join(dir, 'blobs', 'sha256', HEX.slice(0, 2));
    await writeFile(join(shard, 'notes.txt'), 'x');
    await writeFile(join(dir, 'blobs', 'sha256', 'README'), 'x');
    await writeFile(join(dir, 'unfinished', 'README'), 'x');
    await mkdir(join(dir, 'lost+found'));
    const listed: unknown[] = [];
    for await (const blob of store.list()) listed.push(blob);
    for await (const write of store.listUnfinished()) listed.push(write);
    assert.deepEqual(listed, [{ digest: DIGEST, size: CONTENT.length }]);
  });

  it('take two blobs at once into a shard that is new', async (t) => {
    const store = await openDiskStore(t);
    const byShard = new Map<string, Buffer>();
    for (let count = 0; ; count += 1) {
      const content = contentOf(100, `content ${count}`);
      const shard = digestHex(digestOf(content)).slice(0, 2);
      const other = byShard.get(shard);
      byShard.set(shard, content);
      if (other === undefined) continue;
      await Promise.all([keep(store, content, 'upload-1'), keep(store, other, 'upload-2')]);
      for (const one of [content, other]) {
        assert.ok(one.equals(await collect(await store.open(digestOf(one)))));
      }
      return;
    }
  });
});

describe('a blob file that has lost bytes', () => {
  it('shows in its size, and before the first byte where the whole is asked for', async (t) => {
    const dir = await temporaryDirectory(t);
    const store = await openDiskStore(t, dir);
    await keep(store, CONTENT);
    await truncate(join(dir, 'blobs', 'sha256', HEX.slice(0, 2), HEX), 100);
    assert.deepEqual(await store.stat(DIGEST), { digest: DIGEST, size: 100 });
    await assert.rejects(
      store.open(DIGEST, { start: 0, end: CONTENT.length }),
      new SizeMismatchError(CONTENT.length, 100),
    );
  });

  it('fails a reader who is in the middle of it, instead of ending well', async (t) => {
    const dir = await temporaryDirectory(t);
    const store = await openDiskStore(t, dir);
    await keep(store, CONTENT);
    const reader = new StepReader(await store.open(DIGEST));
    await reader.readTo(1);
    await truncate(join(dir, 'blobs', 'sha256', HEX.slice(0, 2), HEX), 100);
    await assert.rejects(reader.readAll(), /ends at byte/);
  });

  it('is made whole by the next commit of the digest', async (t) => {
    const dir = await temporaryDirectory(t);
    const store = await openDiskStore(t, dir);
    await keep(store, CONTENT);
    await truncate(join(dir, 'blobs', 'sha256', HEX.slice(0, 2), HEX), 100);
    await keep(store, CONTENT);
    assert.ok(CONTENT.equals(await collect(await store.open(DIGEST))));
  });
});

describe('the descriptors of the disk store', { skip: process.platform !== 'linux' }, () => {
  it('are one for a writer and all its followers, and none when the last has left', async (t) => {
    const dir = await temporaryDirectory(t);
    const store = await openDiskStore(t, dir);
    const writer = await store.create('fill-1');
    await writer.append(chunksOf(CONTENT));
    const followers = Array.from({ length: 50 }, () => new StepReader(writer.follow({ start: 0 })));
    for (const follower of followers) await follower.readTo(1);
    const [last, ...others] = followers;
    assert.equal((await openFiles(dir)).length, 1);
    for (const follower of others) await follower.leave();
    await writer.commit({ digest: DIGEST });
    await store.delete(DIGEST);
    assert.equal((await openFiles(dir)).length, 1);
    assert.ok(CONTENT.equals((await last?.readAll()) ?? Buffer.alloc(0)));
    assert.deepEqual(await openFiles(dir), []);
  });

  it('are given back by readers who finish, leave early, or never begin', async (t) => {
    const dir = await temporaryDirectory(t);
    const store = await openDiskStore(t, dir);
    await keep(store, CONTENT);
    await collect(await store.open(DIGEST));
    const early = new StepReader(await store.open(DIGEST));
    await early.readTo(1);
    await early.leave();
    const never = new StepReader(await store.open(DIGEST));
    assert.equal((await openFiles(dir)).length, 1);
    await never.leave();
    const broken = await store.open(DIGEST);
    await assert.rejects(async () => {
      for await (const _ of broken) throw new Error('client is gone');
    });
    await assert.rejects(store.open(DIGEST, { start: 0, end: CONTENT.length + 1 }));
    assert.deepEqual(await openFiles(dir), []);
  });
});
