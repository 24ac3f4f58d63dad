import assert from 'node:assert/strict';
import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { DatabaseUnusableError } from '../../src/store/sqlite/connection.ts';
import { DatabaseVersionError, migrate } from '../../src/store/sqlite/migrate.ts';
import { SqliteMetadataStore } from '../../src/store/sqlite/sqlite-metadata-store.ts';
import {
  commitOf,
  digest,
  hosted,
  manifestDigest,
  mirrored,
  tag,
} from '../contracts/metadata-fixtures.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const HOSTED = hosted('team/app');
const MIRRORED = mirrored('docker.io', 'library/node');

async function databaseFile(t: TestContext): Promise<string> {
  return join(await temporaryDirectory(t), 'nested', 'metadata.db');
}

/** A database with something in it, closed. */
async function usedDatabase(t: TestContext): Promise<string> {
  const file = await databaseFile(t);
  const store = await SqliteMetadataStore.open({ file });
  for (let count = 0; count < 100; count += 1) {
    await store.commitManifest(commitOf(MIRRORED, `manifest ${count}`, { tags: [tag('latest')] }));
  }
  await store.close();
  return file;
}

/** Does to a database what other programs could. */
function alter(file: string, sql: string): void {
  const database = new Database(file);
  database.exec(sql);
  database.close();
}

function versionOf(file: string): number {
  const database = new Database(file);
  const version = Number(database.pragma('user_version', { simple: true }));
  database.close();
  return version;
}

/** Whether the statements of `work` were committed with a full sync. */
async function isSynced(
  t: TestContext,
  work: (store: SqliteMetadataStore) => Promise<unknown>,
): Promise<boolean> {
  const trace: string[] = [];
  const file = await databaseFile(t);
  const store = await SqliteMetadataStore.open({ file, trace: (sql) => trace.push(sql) });
  await store.recordBlob(MIRRORED, { digest: digest('held'), size: 1 }, 1);
  await store.commitManifest(commitOf(MIRRORED, 'held'));
  trace.length = 0;
  await work(store);
  await store.close();
  const commits = trace.filter((sql) => /^(PRAGMA synchronous|COMMIT)/.test(sql));
  assert.ok(commits.includes('COMMIT'));
  if (commits.length === 1) return false;
  assert.deepEqual(commits, ['PRAGMA synchronous = FULL', 'COMMIT', 'PRAGMA synchronous = NORMAL']);
  return true;
}

describe('the database file', () => {
  it('keeps what was written for the next start', async (t) => {
    const file = await usedDatabase(t);
    const store = await SqliteMetadataStore.open({ file });
    t.after(() => store.close());
    assert.ok(await store.findManifest(MIRRORED, manifestDigest('manifest 99')));
    assert.equal((await store.totals()).manifests, 100);
  });

  it('shows one store what another one writes', async (t) => {
    const file = await databaseFile(t);
    const first = await SqliteMetadataStore.open({ file });
    const second = await SqliteMetadataStore.open({ file });
    t.after(() => Promise.all([first.close(), second.close()]));
    assert.equal(await second.hasRepository(HOSTED), false);
    await first.commitManifest(commitOf(HOSTED, 'm', { tags: [tag('v1')] }));
    assert.ok((await second.findTag(HOSTED, tag('v1')))?.manifest);
    await second.deleteTag(HOSTED, tag('v1'));
    assert.equal(await first.findTag(HOSTED, tag('v1')), undefined);
  });

  it('keeps nothing of a manifest that no repository holds any more', async (t) => {
    const file = await databaseFile(t);
    const store = await SqliteMetadataStore.open({ file });
    const references = [{ kind: 'blob', digest: digest('a'), size: 1 }] as const;
    await store.commitManifest(commitOf(HOSTED, 'm', { references, tags: [tag('v1')] }));
    await store.deleteManifest(HOSTED, manifestDigest('m'));
    await store.close();
    const database = new Database(file);
    t.after(() => database.close());
    for (const table of ['manifests', 'manifest_references', 'repository_manifests', 'tags']) {
      assert.deepEqual(database.prepare(`SELECT * FROM ${table}`).all(), [], table);
    }
  });

  it('is refused, and left alone, when a newer program has written it', async (t) => {
    const file = await usedDatabase(t);
    const version = versionOf(file);
    alter(file, 'PRAGMA user_version = 999');
    await assert.rejects(SqliteMetadataStore.open({ file }), (error) => {
      assert.ok(error instanceof DatabaseVersionError);
      assert.match(error.message, /version 999.*newer/);
      return true;
    });
    alter(file, `PRAGMA user_version = ${version}`);
    const store = await SqliteMetadataStore.open({ file });
    t.after(() => store.close());
    assert.equal((await store.totals()).manifests, 100);
  });

  it('is refused when it belongs to another program', async (t) => {
    const file = join(await temporaryDirectory(t), 'other.db');
    alter(file, 'CREATE TABLE cats (name TEXT)');
    await assert.rejects(SqliteMetadataStore.open({ file }), DatabaseVersionError);
  });

  it('is refused, and not replaced, when it is no database at all', async (t) => {
    const file = join(await temporaryDirectory(t), 'metadata.db');
    const garbage = Buffer.alloc(10_000, 'garbage');
    await writeFile(file, garbage);
    await assert.rejects(SqliteMetadataStore.open({ file }), (error) => {
      assert.ok(error instanceof DatabaseUnusableError);
      assert.match(error.message, /metadata\.db: file is not a database/);
      return true;
    });
    assert.ok(garbage.equals(await readFile(file)));
  });

  it('is refused when a table is missing', async (t) => {
    const file = await usedDatabase(t);
    alter(file, 'DROP TABLE tags');
    await assert.rejects(SqliteMetadataStore.open({ file }), (error) => {
      assert.ok(error instanceof DatabaseUnusableError);
      assert.match(error.message, /metadata\.db: no such table: tags/);
      return true;
    });
  });

  it('is refused when it has lost its end', async (t) => {
    const file = await usedDatabase(t);
    await truncate(file, (await stat(file)).size - 8_192);
    await assert.rejects(SqliteMetadataStore.open({ file }), DatabaseUnusableError);
  });
});

describe('migrations', () => {
  it('are applied in order, each once', () => {
    const database = new Database(':memory:');
    const steps = ['CREATE TABLE a (x) STRICT', 'INSERT INTO a VALUES (1)'].map((sql) =>
      sql.replace('(x)', '(x INTEGER)'),
    );
    migrate(database, steps.slice(0, 1));
    migrate(database, steps);
    migrate(database, steps);
    assert.deepEqual(database.prepare('SELECT x FROM a').all(), [{ x: 1 }]);
    assert.equal(database.pragma('user_version', { simple: true }), 2);
    database.close();
  });

  it('leave the version before them when one fails halfway', () => {
    const database = new Database(':memory:');
    migrate(database, ['CREATE TABLE a (x INTEGER) STRICT']);
    const broken = 'INSERT INTO a VALUES (1); INSERT INTO missing VALUES (2)';
    assert.throws(() => migrate(database, ['', broken]), /missing/);
    assert.equal(database.pragma('user_version', { simple: true }), 1);
    assert.deepEqual(database.prepare('SELECT x FROM a').all(), []);
    database.close();
  });
});

describe('durability', () => {
  const blob = { digest: digest('a'), size: 1 };
  for (const repository of [HOSTED, MIRRORED]) {
    const wanted = repository.kind === 'hosted';
    it(`${wanted ? 'is asked of' : 'is spared'} the disk for a ${repository.kind} repository`, async (t) => {
      const commit = commitOf(repository, 'm', { tags: [tag('v1')] });
      assert.equal(await isSynced(t, (store) => store.commitManifest(commit)), wanted);
      assert.equal(await isSynced(t, (store) => store.recordBlob(repository, blob, 1)), wanted);
      assert.equal(
        await isSynced(t, (store) => store.linkBlob(repository, digest('held'), 1)),
        wanted,
      );
      assert.equal(
        await isSynced(t, (store) =>
          store.adoptManifest(repository, manifestDigest('held'), [], 1),
        ),
        wanted,
      );
    });
  }

  it('goes back to the cheap way after a durable write that failed', async (t) => {
    const trace: string[] = [];
    const store = await SqliteMetadataStore.open({
      file: await databaseFile(t),
      trace: (sql) => trace.push(sql),
    });
    t.after(() => store.close());
    const broken = commitOf(HOSTED, 'm', { mediaType: null as unknown as string });
    await assert.rejects(store.commitManifest(broken), /NOT NULL/);
    assert.equal(trace.at(-1), 'PRAGMA synchronous = NORMAL');
    assert.equal(await store.hasRepository(HOSTED), false);
    assert.equal(await store.readManifest(manifestDigest('m')), undefined);
  });
});
