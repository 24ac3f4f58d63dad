import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StoreFullError } from '../blob-store.ts';
import { makeDirectory, syncDirectory } from '../directories.ts';
import { DatabaseVersionError, migrate } from './migrate.ts';
import { Reserve } from './reserve.ts';

/** How long a statement waits for another process's write, in milliseconds. The event loop stands still meanwhile. */
const BUSY_TIMEOUT = 5000;

/** The write-ahead log is cut back to this after a burst, in bytes. */
const LOG_SIZE_LIMIT = 64 * 1024 * 1024;

/** KiB of pages in memory. A million blobs have more inner pages than SQLite's own 2 MiB hold, and each look-up would read some. */
const CACHE_KIB = 32 * 1024;

const OWNER_ONLY = 0o600;

const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA trusted_schema = OFF;
  PRAGMA cache_size = -${CACHE_KIB};
  PRAGMA journal_size_limit = ${LOG_SIZE_LIMIT};
`;

/** The file is damaged, is no database, or cannot be opened. It is never replaced by an empty one. */
export class DatabaseUnusableError extends Error {
  override readonly name = 'DatabaseUnusableError';
}

export interface ConnectionOptions {
  /** Made where it is missing, with its directory. */
  readonly file: string;
  /** Told every statement that runs, its values filled in: for the curious and for tests, not for logs. */
  readonly trace?: (sql: string) => void;
}

/** The one connection of a store, and how it writes. */
export class Connection {
  readonly #database: Database.Database;
  readonly #reserve: Reserve;
  readonly #transaction: Database.Transaction<(work: () => unknown) => unknown>;
  #revision = 0;

  private constructor(database: Database.Database, reserve: Reserve) {
    this.#database = database;
    this.#reserve = reserve;
    this.#transaction = database.transaction((work: () => unknown) => work());
  }

  /**
   * Opens, migrates, and gives what `use` makes of it (its statements are the proof of the schema). Rejects with
   * DatabaseUnusableError or DatabaseVersionError.
   */
  static async open<T>(options: ConnectionOptions, use: (connection: Connection) => T): Promise<T> {
    const { file } = options;
    await makeDirectory(dirname(file));
    const reserve = new Reserve(`${file}-reserve`);
    const begin = (): Promise<T> =>
      openWith(options, (database) => {
        reserve.keep();
        return use(new Connection(database, reserve));
      });
    try {
      return await begin();
    } catch (cause) {
      // The files beside it could not be made: with them content can be given, and room be made.
      if (!isFullDisk(cause, reserve) || !reserve.spend()) throw unusable(file, cause);
    }
    try {
      return await begin();
    } catch (cause) {
      throw unusable(file, cause);
    }
  }

  /** How many transactions have begun to write. */
  get revision(): number {
    return this.#revision;
  }

  prepare<Parameters extends unknown[], Row = unknown>(
    sql: string,
  ): Database.Statement<Parameters, Row> {
    return this.#database.prepare<Parameters, Row>(sql);
  }

  /**
   * Runs `work` as one transaction. The write lock is taken first, because one that reads and then writes
   * fails at once, without the busy timeout, if another process wrote in between.
   *
   * `durable`: safe from power loss when it returns. Otherwise a power loss may undo the last commits
   * (never half of one), which a cache can fetch again. Switching the one connection costs some
   * microseconds beside the sync itself; a second connection would double statements and page cache.
   * A durable commit syncs the whole log, so everything committed before it is durable too.
   */
  write<T>(work: () => T, { durable }: { readonly durable: boolean }): T {
    if (!durable) return this.#run(work);
    this.#database.pragma('synchronous = FULL');
    try {
      return this.#run(work);
    } finally {
      this.#database.pragma('synchronous = NORMAL');
    }
  }

  /** As `write`, for what must succeed on a full disk too because it makes room there. */
  makeRoom<T>(work: () => T, options: { readonly durable: boolean }): T {
    try {
      const result = this.write(work, options);
      this.#reserve.keep();
      return result;
    } catch (error) {
      if (!(error instanceof StoreFullError) || !this.#reserve.spend()) throw error;
      return this.write(work, options);
    }
  }

  #run<T>(work: () => T): T {
    this.#revision += 1;
    try {
      return this.#transaction.immediate(work) as T;
    } catch (cause) {
      throw isFullDisk(cause, this.#reserve)
        ? new StoreFullError('the disk is full', { cause })
        : cause;
    }
  }

  close(): void {
    this.#database.close();
  }
}

/** Opens and migrates. Nothing stays open where this or `use` fails. */
async function openWith<T>(
  { file, trace }: ConnectionOptions,
  use: (database: Database.Database) => T,
): Promise<T> {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, {
      timeout: BUSY_TIMEOUT,
      ...(trace && { verbose: (sql) => trace(String(sql)) }),
    });
    // Before the log is made, which takes over its mode: other users may pass through the folder to the blobs.
    await chmod(file, OWNER_ONLY);
    database.exec(SETTINGS);
    migrate(database);
    await syncDirectory(dirname(file));
    return use(database);
  } catch (error) {
    database?.close();
    throw error;
  }
}

function unusable(file: string, cause: unknown): Error {
  if (cause instanceof DatabaseVersionError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DatabaseUnusableError(`cannot use the database ${file}: ${reason}`, { cause });
}

/** A used-up quota (EDQUOT), or a full disk below the index of the log, is to SQLite a disk that fails in some way. */
function isFullDisk(cause: unknown, reserve: Reserve): boolean {
  if (!(cause instanceof Database.SqliteError)) return false;
  if (cause.code === 'SQLITE_FULL') return true;
  return cause.code.startsWith('SQLITE_IOERR') && reserve.isDiskFull();
}
