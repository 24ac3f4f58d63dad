import type Database from 'better-sqlite3';
import { initial } from './migrations/0001-initial.ts';
import { upkeep } from './migrations/0002-upkeep.ts';
import { tagSightings } from './migrations/0003-tag-sightings.ts';
import { inventory } from './migrations/0004-inventory.ts';
import { configuredPins } from './migrations/0005-configured-pins.ts';
import { keptReferrers } from './migrations/0006-kept-referrers.ts';

/** In order; a migration that was released is never changed. Its place, from 1, is the version it leads to. */
const MIGRATIONS: readonly string[] = [
  initial,
  upkeep,
  tagSightings,
  inventory,
  configuredPins,
  keptReferrers,
];

/** Marks the file as ours (`file` and `PRAGMA application_id` show it): the letters HOLD. */
const APPLICATION_ID = 0x484f4c44;

export class DatabaseVersionError extends Error {
  override readonly name = 'DatabaseVersionError';
}

/**
 * Brings the schema up to date, each step whole or not at all. A database that a newer program has
 * written, or that is another program's, is refused and left as it is.
 */
export function migrate(
  database: Database.Database,
  migrations: readonly string[] = MIGRATIONS,
): void {
  const step = database.transaction((): boolean => {
    const version = numberOf(database, 'user_version');
    refuseForeign(database, version);
    if (version > migrations.length) {
      throw new DatabaseVersionError(
        `${database.name} has schema version ${version}, this program knows up to ${migrations.length}: it was written by a newer version`,
      );
    }
    const migration = migrations[version];
    if (migration === undefined) return false;
    database.exec(migration);
    database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma(`user_version = ${version + 1}`);
    return true;
  });
  // Immediate: of two processes that start together, the second one waits and finds the work done.
  while (step.immediate());
}

function refuseForeign(database: Database.Database, version: number): void {
  if (numberOf(database, 'application_id') === APPLICATION_ID) return;
  // schema_version counts schema changes: a file that has never had one is new.
  if (version === 0 && numberOf(database, 'schema_version') === 0) return;
  throw new DatabaseVersionError(`${database.name} is another program's database`);
}

function numberOf(database: Database.Database, pragma: string): number {
  return Number(database.pragma(pragma, { simple: true }));
}
