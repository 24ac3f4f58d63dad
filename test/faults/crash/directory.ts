/** What lies on the disk while no server runs. */
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

export interface HeldBlob {
  /** Of the repository that may serve it; empty for a hosted one. */
  readonly upstream: string;
  readonly name: string;
  readonly digest: string;
}

export interface Left {
  /** Every pair of a held blob and a repository that may serve it. */
  readonly held: readonly HeldBlob[];
  /** Bytes of each unfinished fill, by digest. */
  readonly fills: ReadonlyMap<string, number>;
  /** Unfinished uploads, by the id of their session. */
  readonly uploads: readonly string[];
  /** Sessions that the database knows. */
  readonly sessions: readonly string[];
  /** Blobs without a record. */
  readonly orphans: number;
}

/**
 * Reads a storage directory as the server left it, without touching it: the database is read from a copy, because even a
 * reader would begin SQLite's own recovery. Fails where a record has no file or one of another size, or where the
 * database contradicts itself. A power loss may undo that the record of a mirrored blob was removed before its file.
 */
export async function inspectDirectory(dir: string, { powerLost = false } = {}): Promise<Left> {
  const files = await filesOf(join(dir, 'blobs'));
  const unfinished = await filesOf(join(dir, 'unfinished'));
  return withCopy(dir, (database) => {
    // The tables themselves are only safe with the first commit that has to be.
    if (powerLost && database.prepare(TABLES).get() === undefined) return NOTHING;
    const rows = database.prepare<[], BlobRow>(BLOBS).all();
    for (const { digest, size, hosted } of rows) {
      if (powerLost && hosted === 0 && !files.has(fileOf(digest))) continue;
      assert.equal(files.get(fileOf(digest)), size, `${digest} has a record but not its file`);
    }
    checkConsistency(database, rows);
    const sessions = database.prepare<[], { id: string }>('SELECT id FROM uploads').all();
    return {
      held: database.prepare<[], HeldBlob>(HELD).all(),
      fills: named(unfinished, /^fill-(sha256-[0-9a-f]+)\.part$/, (id) => id.replace('-', ':')),
      uploads: [...named(unfinished, /^upload-(.+)\.part$/).keys()],
      sessions: sessions.map(({ id }) => id),
      orphans: files.size - rows.length,
    };
  });
}

interface BlobRow {
  readonly digest: string;
  readonly size: number;
  /** Whether a hosted repository refers to it. */
  readonly hosted: 0 | 1;
}

interface TotalsRow {
  readonly blobs: number;
  readonly blob_bytes: number;
}

const NOTHING: Left = { held: [], fills: new Map(), uploads: [], sessions: [], orphans: 0 };

const TABLES = "SELECT 1 FROM sqlite_schema WHERE name = 'blobs'";

const BLOBS = `
  SELECT digest, size, EXISTS (
    SELECT 1 FROM repository_blobs AS link JOIN repositories ON repositories.id = link.repository
    WHERE link.digest = blobs.digest AND upstream = ''
  ) AS hosted FROM blobs`;

const HELD = `
  SELECT repositories.upstream, repositories.name, blobs.digest FROM blobs
  JOIN repository_blobs USING (digest) JOIN repositories ON repositories.id = repository`;

function checkConsistency(database: Database.Database, rows: readonly BlobRow[]): void {
  assert.deepEqual(database.pragma('integrity_check'), [{ integrity_check: 'ok' }]);
  assert.deepEqual(database.pragma('foreign_key_check'), []);
  const totals = database.prepare<[], TotalsRow>('SELECT * FROM totals').get();
  assert.equal(totals?.blobs, rows.length);
  assert.equal(
    totals.blob_bytes,
    rows.reduce((sum, { size }) => sum + size, 0),
  );
}

async function withCopy<Value>(
  dir: string,
  use: (database: Database.Database) => Value,
): Promise<Value> {
  const copy = await mkdtemp(join(tmpdir(), 'holdfast-database-'));
  try {
    // Without the -shm file: it is made anew from the log.
    for (const name of ['holdfast.db', 'holdfast.db-wal'])
      await copyFile(join(dir, name), join(copy, name)).catch(ignoreAbsent);
    const database = new Database(join(copy, 'holdfast.db'), { readonly: true });
    try {
      return use(database);
    } finally {
      database.close();
    }
  } finally {
    await rm(copy, { recursive: true });
  }
}

function ignoreAbsent(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** Sizes by name. */
async function filesOf(dir: string): Promise<ReadonlyMap<string, number>> {
  const files = new Map<string, number>();
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    files.set(entry.name, (await stat(join(entry.parentPath, entry.name))).size);
  }
  return files;
}

function fileOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}

function named(
  files: ReadonlyMap<string, number>,
  pattern: RegExp,
  key: (name: string) => string = (name) => name,
): ReadonlyMap<string, number> {
  return new Map(
    [...files].flatMap(([name, size]) => {
      const found = pattern.exec(name)?.[1];
      return found === undefined ? [] : [[key(found), size] as const];
    }),
  );
}
