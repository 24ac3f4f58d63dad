import { join } from 'node:path';
import Database from 'better-sqlite3';
import { makeDirectory } from '../directories.ts';

/** Another process keeps its content in the same directory. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';
}

/**
 * Keeps a directory for this process: two would write the same unfinished files. The lock is SQLite's own on a file that
 * holds nothing else, so the system lets go of it however the process ends.
 */
export class DirectoryLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Rejects with DirectoryInUseError where another process has it. */
  static async take(dir: string): Promise<DirectoryLock> {
    await makeDirectory(dir);
    const database = new Database(join(dir, 'holdfast.lock'), { timeout: 0 });
    try {
      // Without a file beside it: on a full disk that could not be written, and nothing is ever to be rolled back.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return new DirectoryLock(database);
    } catch (cause) {
      database.close();
      if (!(cause instanceof Database.SqliteError) || cause.code !== 'SQLITE_BUSY') throw cause;
      throw new DirectoryInUseError(`another Holdfast is using ${dir}`, { cause });
    }
  }

  release(): void {
    this.#database.close();
  }
}
