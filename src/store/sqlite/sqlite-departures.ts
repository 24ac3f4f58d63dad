import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import { type Departure, MAX_DEPARTURES } from '../inventory-records.ts';
import type { Connection } from './connection.ts';

type Reason = Departure['reason'];

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
  readonly #noteBlob: Statement<[Omit<Gone, 'repository'>]>;
  readonly #find: Statement<[repository: number, reference: string], Departure>;
  readonly #dropOldest: Statement<[limit: number]>;
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
    this.#noteBlob = connection.prepare(`
      INSERT INTO departures (repository, reference, reason, at)
      SELECT repository, :reference, :reason, :at FROM repository_blobs WHERE digest = :reference
      ON CONFLICT DO UPDATE SET reason = excluded.reason, at = excluded.at
    `);
    this.#find = connection.prepare(
      'SELECT reason, at FROM departures WHERE repository = ? AND reference = ?',
    );
    this.#dropOldest = connection.prepare(`
      DELETE FROM departures WHERE at <= (
        SELECT at FROM departures ORDER BY at DESC LIMIT 1 OFFSET ?
      )
    `);
  }

  /** The manifest is about to go, with its tags. */
  manifest(repository: number, digest: Digest, reason: Reason): void {
    const gone = { repository, reference: digest, reason, at: this.#now() };
    this.#noteTags.run(gone);
    this.#note.run(gone);
    this.#prune(1);
  }

  /** A tag, or a blob of this repository alone. */
  reference(repository: number, reference: Tag | Digest, reason: Reason): void {
    this.#note.run({ repository, reference, reason, at: this.#now() });
    this.#prune(1);
  }

  /** The blob is about to go, or to be held no more, from every repository that refers to it. */
  blob(digest: Digest, reason: Reason): void {
    const { changes } = this.#noteBlob.run({ reference: digest, reason, at: this.#now() });
    this.#prune(changes);
  }

  find(repository: number, reference: Tag | Digest): Departure | undefined {
    return this.#find.get(repository, reference);
  }

  #prune(noted: number): void {
    this.#sincePrune += noted;
    if (this.#sincePrune < PRUNE_EVERY) return;
    this.#sincePrune = 0;
    this.#dropOldest.run(MAX_DEPARTURES);
  }
}
