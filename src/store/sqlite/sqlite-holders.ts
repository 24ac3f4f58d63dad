import type { Statement } from 'better-sqlite3';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { Repository } from '../../oci/repository.ts';
import { compareRepositories } from '../byte-order.ts';
import type { ManifestSummary } from '../inventory-records.ts';
import type { Connection } from './connection.ts';
import {
  repositoryKey,
  type RepositoryKey,
  repositoryOf,
  type RepositoryRow,
} from './sqlite-repositories.ts';

interface ManifestRow {
  readonly repository: number;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly artifactType: string | null;
  readonly annotations: string | null;
  readonly addedAt: number;
  readonly usedAt: number | null;
}

/** See `ManifestSummary.tags`. */
const MAX_TAGS = 100;

/** Who holds or refers to what. */
export class SqliteHolders {
  readonly #describe: Statement<[...RepositoryKey, Digest], ManifestRow>;
  readonly #tags: Statement<[repository: number, Digest], { name: Tag }>;
  readonly #ofManifest: Statement<[Digest], RepositoryRow>;
  readonly #ofBlob: Statement<[Digest], RepositoryRow>;

  constructor(connection: Connection) {
    this.#describe = connection.prepare(`
      SELECT own.repository, own.digest, own.media_type AS mediaType, own.size,
        own.artifact_type AS artifactType, manifests.annotations, own.added_at AS addedAt,
        own.used_at AS usedAt
      FROM repositories
      CROSS JOIN repository_manifests AS own ON own.repository = repositories.id
      CROSS JOIN manifests ON manifests.digest = own.digest
      WHERE repositories.upstream = ? AND repositories.name = ? AND own.digest = ?
    `);
    this.#tags = connection.prepare(`
      SELECT name FROM tags INDEXED BY tags_naming
      WHERE repository = ? AND digest = ? ORDER BY name LIMIT ${MAX_TAGS}
    `);
    this.#ofManifest = connection.prepare(`
      SELECT repositories.upstream, repositories.name FROM repository_manifests AS own
      CROSS JOIN repositories ON repositories.id = own.repository WHERE own.digest = ?
    `);
    this.#ofBlob = connection.prepare(`
      SELECT repositories.upstream, repositories.name FROM repository_blobs AS link
      CROSS JOIN repositories ON repositories.id = link.repository WHERE link.digest = ?
    `);
  }

  describe(repository: Repository, digest: Digest): ManifestSummary | undefined {
    const row = this.#describe.get(...repositoryKey(repository), digest);
    if (row === undefined) return undefined;
    const { repository: id, artifactType, annotations, usedAt, ...rest } = row;
    return {
      ...rest,
      annotations:
        annotations === null ? {} : (JSON.parse(annotations) as Readonly<Record<string, string>>),
      tags: this.#tags.all(id, digest).map(({ name }) => name),
      ...(artifactType !== null && { artifactType }),
      ...(usedAt !== null && { usedAt }),
    };
  }

  ofManifest(digest: Digest): Repository[] {
    return this.#ofManifest.all(digest).map(repositoryOf).toSorted(compareRepositories);
  }

  ofBlob(digest: Digest): Repository[] {
    return this.#ofBlob.all(digest).map(repositoryOf).toSorted(compareRepositories);
  }
}
