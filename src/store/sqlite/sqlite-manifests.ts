import type { Statement } from 'better-sqlite3';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Repository } from '../../oci/repository.ts';
import { boundedDescriptors } from '../bounded-descriptors.ts';
import type { ManifestCommit, ManifestRecord, Page, ReferrersQuery } from '../metadata-store.ts';
import type { Departure } from '../inventory-records.ts';
import type { Connection } from './connection.ts';
import type { SqliteDepartures } from './sqlite-departures.ts';
import { repositoryKey, type RepositoryKey } from './sqlite-repositories.ts';

interface ReferrerRow {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly artifactType: string | null;
  readonly annotations: string | null;
}

interface ReferrersKey {
  readonly upstream: string;
  readonly name: string;
  readonly subject: Digest;
  readonly artifactType: string | undefined;
  readonly after: string;
  readonly limit: number;
}

/** The index is named because the planner, which knows no numbers, would rather walk the whole repository. */
function referrersQuery(index: string, filter: string): string {
  return `
    SELECT own.digest, own.media_type AS mediaType, own.size, own.artifact_type AS artifactType,
      manifests.annotations
    FROM repositories
    CROSS JOIN repository_manifests AS own INDEXED BY ${index} ON own.repository = repositories.id
    CROSS JOIN manifests ON manifests.digest = own.digest
    WHERE repositories.upstream = :upstream AND repositories.name = :name
      AND own.subject = :subject AND own.digest > :after ${filter}
    ORDER BY own.digest LIMIT :limit`;
}

interface Adoption {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly at: number;
}

export class SqliteManifests {
  readonly #departures: SqliteDepartures;
  readonly #find: Statement<[...RepositoryKey, Digest], ManifestRecord>;
  readonly #read: Statement<[Digest], { content: Buffer }>;
  readonly #list: Statement<[after: string, limit: number], { digest: Digest; content: Buffer }>;
  readonly #findAnyHolder: Statement<[Digest]>;
  readonly #addContent: Statement<[Digest, size: number, annotations: string | null, Uint8Array]>;
  readonly #addReference: Statement<[Digest, kind: string, Digest, size: number]>;
  readonly #hold: Statement<
    [
      repository: number,
      Digest,
      mediaType: string,
      size: number,
      subject: string | null,
      artifactType: string | null,
      at: number,
      usedAt: number | null,
    ]
  >;
  readonly #adopt: Statement<
    [{ repository: number; digest: Digest; at: number; usedAt: number | null }]
  >;
  readonly #release: Statement<[repository: number, Digest]>;
  readonly #deleteTags: Statement<[repository: number, Digest]>;
  readonly #deleteUnheld: Statement<[{ digest: Digest }]>;
  readonly #referrers: Statement<[ReferrersKey], ReferrerRow>;
  readonly #referrersOfType: Statement<[ReferrersKey], ReferrerRow>;

  constructor(connection: Connection, departures: SqliteDepartures) {
    this.#departures = departures;
    this.#find = connection.prepare(`
      SELECT own.digest, own.media_type AS mediaType, own.size
      FROM repositories JOIN repository_manifests AS own ON own.repository = repositories.id
      WHERE repositories.upstream = ? AND repositories.name = ? AND own.digest = ?
    `);
    this.#read = connection.prepare('SELECT content FROM manifests WHERE digest = ?');
    this.#list = connection.prepare(
      'SELECT digest, content FROM manifests WHERE digest > ? ORDER BY digest LIMIT ?',
    );
    this.#findAnyHolder = connection.prepare(
      'SELECT 1 FROM repository_manifests WHERE digest = ? LIMIT 1',
    );
    this.#addContent = connection.prepare(`
      INSERT INTO manifests (digest, size, annotations, content) VALUES (?, ?, ?, ?)
      ON CONFLICT DO NOTHING
    `);
    // A manifest may name one blob several times (the empty layer, for one).
    this.#addReference = connection.prepare(`
      INSERT INTO manifest_references (manifest, kind, digest, size) VALUES (?, ?, ?, ?)
      ON CONFLICT DO NOTHING
    `);
    this.#hold = connection.prepare(`
      INSERT INTO repository_manifests
        (repository, digest, media_type, size, subject, artifact_type, added_at, used_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET
        media_type = excluded.media_type, used_at = max(used_at, excluded.used_at)
    `);
    this.#adopt = connection.prepare(`
      INSERT INTO repository_manifests
        (repository, digest, media_type, size, subject, artifact_type, added_at, used_at)
      SELECT :repository, digest, media_type, size, subject, artifact_type, :at, :usedAt
      FROM repository_manifests WHERE digest = :digest LIMIT 1
      ON CONFLICT DO UPDATE SET used_at = max(used_at, excluded.used_at)
    `);
    this.#release = connection.prepare(
      'DELETE FROM repository_manifests WHERE repository = ? AND digest = ?',
    );
    this.#deleteTags = connection.prepare(
      'DELETE FROM tags INDEXED BY tags_naming WHERE repository = ? AND digest = ?',
    );
    this.#deleteUnheld = connection.prepare(`
      DELETE FROM manifests WHERE digest = :digest
        AND NOT EXISTS (SELECT 1 FROM repository_manifests WHERE digest = :digest)
    `);
    this.#referrers = connection.prepare(referrersQuery('referrers', ''));
    this.#referrersOfType = connection.prepare(
      referrersQuery('referrers_of_type', 'AND own.artifact_type = :artifactType'),
    );
  }

  find(repository: Repository, digest: Digest): ManifestRecord | undefined {
    return this.#find.get(...repositoryKey(repository), digest);
  }

  read(digest: Digest): Uint8Array | undefined {
    return this.#read.get(digest)?.content;
  }

  list({ after = '', limit }: Page): { digest: Digest; content: Uint8Array }[] {
    return this.#list.all(after, limit);
  }

  /** Whether any repository holds it. */
  isHeld(digest: Digest): boolean {
    return this.#findAnyHolder.get(digest) !== undefined;
  }

  commit(repository: number, commit: ManifestCommit): void {
    const { digest, content, annotations } = commit;
    const size = content.byteLength;
    const encoded = annotations === undefined ? null : JSON.stringify(annotations);
    this.#addContent.run(digest, size, encoded, content);
    for (const named of commit.references) {
      this.#addReference.run(digest, named.kind, named.digest, named.size);
    }
    this.#hold.run(
      repository,
      digest,
      commit.mediaType,
      size,
      commit.subject ?? null,
      commit.artifactType ?? null,
      commit.at,
      usedAt(commit.repository, commit.at),
    );
  }

  /** Has no effect where no repository holds the manifest. */
  adopt(id: number, { repository, digest, at }: Adoption): void {
    this.#adopt.run({ repository: id, digest, at, usedAt: usedAt(repository, at) });
  }

  delete(repository: number, digest: Digest, reason: Departure['reason']): boolean {
    if (this.#release.run(repository, digest).changes === 0) return false;
    this.#departures.manifest(repository, digest, reason);
    this.#deleteTags.run(repository, digest);
    this.#deleteUnheld.run({ digest });
    return true;
  }

  listReferrers(
    repository: Repository,
    subject: Digest,
    { artifactType, after, limit }: ReferrersQuery,
  ): Descriptor[] {
    const [upstream, name] = repositoryKey(repository);
    const statement = artifactType === undefined ? this.#referrers : this.#referrersOfType;
    const key = { upstream, name, subject, artifactType, after: after ?? '', limit };
    return boundedDescriptors(descriptorsOf(statement.iterate(key)));
  }
}

function* descriptorsOf(rows: Iterable<ReferrerRow>): Generator<Descriptor> {
  for (const row of rows) yield descriptorOf(row);
}

/** Only what is mirrored may go for want of use. */
function usedAt(repository: Repository, at: number): number | null {
  return repository.kind === 'mirrored' ? at : null;
}

function descriptorOf(row: ReferrerRow): Descriptor {
  const { mediaType, digest, size, artifactType, annotations } = row;
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== null && { artifactType }),
    ...(annotations !== null && { annotations: JSON.parse(annotations) as Record<string, string> }),
  };
}
