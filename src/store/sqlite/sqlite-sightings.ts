import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { Repository } from '../../oci/repository.ts';
import { MAX_WAITING_TAGS, type SeenTag, type TagSighting } from '../tag-sightings.ts';
import type { Connection } from './connection.ts';
import { repositoryKey, type RepositoryKey } from './sqlite-repositories.ts';

interface SightingRow {
  readonly digest: Digest;
  readonly since: number;
  readonly taken: Digest | null;
}

interface Sighted {
  readonly repository: number;
  readonly tag: Tag;
  readonly digest: Digest;
  readonly at: number;
  readonly taken: Digest | null;
}

export class SqliteSightings {
  readonly #find: Statement<[...RepositoryKey, Tag], SightingRow>;
  readonly #record: Statement<[Sighted], SightingRow>;
  readonly #dropOldest: Statement<[limit: number]>;
  readonly #untakeTag: Statement<[...RepositoryKey, Tag]>;
  readonly #untakeDigest: Statement<[...RepositoryKey, Digest]>;

  constructor(connection: Connection) {
    const ofRepository = `repository = (SELECT id FROM repositories WHERE upstream = ? AND name = ?)`;
    this.#find = connection.prepare(
      `SELECT digest, since, taken FROM tag_sightings WHERE ${ofRepository} AND name = ?`,
    );
    this.#record = connection.prepare(`
      INSERT INTO tag_sightings (repository, name, digest, since, taken)
      VALUES (:repository, :tag, :digest, :at, :taken)
      ON CONFLICT DO UPDATE SET
        since = iif(digest = excluded.digest, min(since, excluded.since), excluded.since),
        digest = excluded.digest,
        taken = coalesce(excluded.taken, taken)
      RETURNING digest, since, taken
    `);
    // since > -1 is true of every row, and is what the planner needs to walk the index from its end.
    this.#dropOldest = connection.prepare(`
      DELETE FROM tag_sightings WHERE taken IS NULL AND since < (
        SELECT since FROM tag_sightings WHERE taken IS NULL AND since > -1
        ORDER BY since DESC LIMIT 1 OFFSET ? - 1
      )
    `);
    this.#untakeTag = connection.prepare(
      `UPDATE tag_sightings SET taken = NULL WHERE ${ofRepository} AND name = ?`,
    );
    this.#untakeDigest = connection.prepare(
      `UPDATE tag_sightings SET taken = NULL WHERE ${ofRepository} AND taken = ?`,
    );
  }

  find(repository: Repository, tag: Tag): TagSighting | undefined {
    const row = this.#find.get(...repositoryKey(repository), tag);
    return row && sightingOf(row);
  }

  record(repository: number, tag: Tag, { digest, at, taken }: SeenTag): TagSighting {
    const row = this.#record.get({ repository, tag, digest, at, taken: taken ?? null });
    if (row === undefined) throw new Error(`the sighting of ${tag} was not written`);
    if (row.taken === null && row.since === at) this.#dropOldest.run(MAX_WAITING_TAGS);
    return sightingOf(row);
  }

  untakeTag(repository: Repository, tag: Tag): void {
    this.#untakeTag.run(...repositoryKey(repository), tag);
  }

  untakeDigest(repository: Repository, digest: Digest): void {
    this.#untakeDigest.run(...repositoryKey(repository), digest);
  }
}

function sightingOf({ digest, since, taken }: SightingRow): TagSighting {
  return { digest, since, ...(taken !== null && { taken }) };
}
