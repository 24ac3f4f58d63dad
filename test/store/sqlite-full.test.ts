import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Database from 'better-sqlite3';
import { StoreFullError } from '../../src/store/blob-store.ts';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** What SQLite says of a quota that is used up, and of a broken disk. */
function fail(): never {
  throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_WRITE');
}

describe('a database whose disk fails in some way', () => {
  it('has no room where nothing else can be written there either', async (t) => {
    const dir = await smallDisk(t, 16);
    if (dir === undefined) return t.skip('mounting a small file system is not permitted here');
    const connection = await Connection.open(
      { file: join(dir, 'metadata.db') },
      (opened) => opened,
    );
    t.after(() => connection.close());
    const ballast = writeFile(join(dir, 'ballast'), Buffer.alloc(16 * 1024 * 1024));
    await assert.rejects(ballast, { code: 'ENOSPC' });
    assert.throws(() => connection.write(fail, { durable: false }), StoreFullError);
    // The room that was kept for that is given up.
    let tries = 0;
    connection.makeRoom(
      () => {
        tries += 1;
        if (tries === 1) fail();
      },
      { durable: false },
    );
    assert.equal(tries, 2);
  });

  it('is broken where there is room', async (t) => {
    const file = join(await temporaryDirectory(t), 'metadata.db');
    const connection = await Connection.open({ file }, (opened) => opened);
    t.after(() => connection.close());
    assert.throws(() => connection.write(fail, { durable: false }), { code: 'SQLITE_IOERR_WRITE' });
  });
});
