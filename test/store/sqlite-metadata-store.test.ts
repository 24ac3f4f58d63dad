import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { SqliteMetadataStore } from '../../src/store/sqlite/sqlite-metadata-store.ts';
import { metadataStoreContract } from '../contracts/metadata-store.contract.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Every statement that the contract made the store run, one of those that differ in values only. */
const statements = new Map<string, string>();

async function open(t: TestContext): Promise<SqliteMetadataStore> {
  const file = join(await temporaryDirectory(t), 'metadata.db');
  // Migrations walk through tables, once.
  let migrated = false;
  const trace = (sql: string): void => {
    if (migrated) note(sql);
  };
  const store = await SqliteMetadataStore.open({ file, trace });
  migrated = true;
  t.after(() => store.close());
  return store;
}

function note(sql: string): void {
  if (!/^\s*(SELECT|DELETE|UPDATE|INSERT)\b/.test(sql)) return;
  statements.set(sql.replaceAll(/'[^']*'|\b\d+(\.\d+)?\b/g, '?'), sql);
}

metadataStoreContract('SQLite', open);

describe('SQLite: plans', () => {
  it('never walk through a table and never sort, in any statement of the contract', async (t) => {
    const file = join(await temporaryDirectory(t), 'metadata.db');
    await (await SqliteMetadataStore.open({ file })).close();
    const database = new Database(file);
    t.after(() => database.close());
    assert.ok(statements.size > 30, `${statements.size} statements seen`);
    for (const sql of statements.values()) {
      const plan = database.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all();
      const steps = plan.map(({ detail }) => detail);
      assert.ok(!steps.some((step) => /^SCAN|TEMP B-TREE/.test(step)), [sql, ...steps].join('\n'));
    }
  });
});
