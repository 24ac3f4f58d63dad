import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import { type Departure, MAX_DEPARTURES } from '../inventory-records.ts';
import type { Connection } from './connection.ts';

type Reason = Departure['reason'];

/** Stands for whatever repository: a blob goes from all of them. */
const NO_REPOSITORY = 0;

/** Departures between two looks whether there are too many: looking costs about as much as noting fifty. */
const PRUNE_EVERY = 1_000;

interface Gone {
  readonly repository: number;
  readonly reference: string;
  readonly reason: Reason;
  readonly at: number;
}

/** Remembers for a while what went, when and why. Noting inside a write only. */
export class SqliteDepartures {
  readonly #now: () => number;
  readonly #note: Statement<[Gone]>;
  readonly #noteTags: Statement<[Gone]>;
  readonly #find: Statement<[repository: number, reference: string], Departure>;
  readonly #prune: Statement<[limit: number]>;
  #sincePrune = 0;

  constructor(connection: Connection, now: () => number) {
    this.#now = now;
    this.#note = connection.prepare(`
      INSERT INTO departures (repository, reference, reason, at)
      VALUES (:repository, :reference, :reason, :at)
      ON CONFLICT DO UPDATE SET reason = excluded.reason, at = excluded.at
    `);
    this.#noteTags = connection.prepare(`
      INSERT INTO departures (repository, reference, reason, at)
      SELECT :repository, name, :reason, :at FROM tags INDEXED BY tags_naming
      WHERE repository = :repository AND digest = :reference
      ON CONFLICT DO UPDATE SET reason = excluded.reason, at = excluded.at
    `);
    this.#find = connection.prepare(
      'SELECT reason, at FROM departures WHERE repository = ? AND reference = ?',
    );
    this.#prune = connection.prepare(`
      DELETE FROM departures WHERE at <= (
        SELECT at FROM departures ORDER BY at DESC LIMIT 1 OFFSET ?
      )
    `);
  }

  /** The manifest is about to go, with its tags. */
  manifest(repository: number, digest: Digest, reason: Reason): void {
    const gone = { repository, reference: digest, reason, at: this.#now() };
    this.#noteTags.run(gone);
    this.#add(gone);
  }

  tag(repository: number, tag: Tag, reason: Reason): void {
    this.#add({ repository, reference: tag, reason, at: this.#now() });
  }

  blob(digest: Digest, reason: Reason): void {
    this.#add({ repository: NO_REPOSITORY, reference: digest, reason, at: this.#now() });
  }

  find(repository: number, reference: Tag | Digest): Departure | undefined {
    return this.#find.get(repository, reference);
  }

  findBlob(digest: Digest): Departure | undefined {
    return this.#find.get(NO_REPOSITORY, digest);
  }

  #add(gone: Gone): void {
    this.#note.run(gone);
    this.#sincePrune += 1;
    if (this.#sincePrune < PRUNE_EVERY) return;
    this.#sincePrune = 0;
    this.#prune.run(MAX_DEPARTURES);
  }
}
