import { join } from 'node:path';
import Database from 'better-sqlite3';
import { SqliteMetadataStore } from '../../src/store/sqlite/sqlite-metadata-store.ts';

export interface FilledStoreOptions {
  readonly repositories: number;
  /** Manifests of each repository, tagged t1, t2, … */
  readonly tags: number;
  /** Blobs that each manifest names, all of them its own. */
  readonly blobs: number;
}

/** Writes the database of a registry that has been pushed all that; the blobs' files are not there, and nobody asks for them. */
export async function fillStore(
  dir: string,
  { repositories, tags, blobs }: FilledStoreOptions,
): Promise<void> {
  const file = join(dir, 'holdfast.db');
  const schema = await SqliteMetadataStore.open({ file });
  await schema.close();
  const database = new Database(file);
  try {
    database.pragma('synchronous = OFF');
    database.pragma('cache_size = -500000');
    database.function('manifest_of', (number: number) => manifestOf(number, blobs));
    const now = Date.now();
    database.transaction(() => database.exec(statements(repositories, tags, blobs, now)))();
    database.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

/** Digests are made up: nobody hashes what is in the database already. A prime keeps neighbours apart in the indexes. */
const DIGEST = `'sha256:' || printf('%016x%016x%016x%016x', n * 2654435761 % 4294967291, n, n * 7, %KIND%)`;

function digest(kind: number): string {
  return DIGEST.replace('%KIND%', String(kind));
}

function statements(repositories: number, tags: number, blobs: number, now: number): string {
  const manifests = repositories * tags;
  return `
    CREATE TEMP TABLE number (n INTEGER PRIMARY KEY);
    WITH RECURSIVE next (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM next WHERE n + 1 < ${manifests * blobs})
    INSERT INTO number SELECT n FROM next;

    INSERT INTO repositories (upstream, name, display_name)
    SELECT '', 'scale/r' || n, 'scale/r' || n FROM number WHERE n < ${repositories};

    INSERT INTO manifests (digest, size, content)
    SELECT ${digest(1)}, length(manifest_of(n)), CAST(manifest_of(n) AS BLOB)
    FROM number WHERE n < ${manifests};

    INSERT INTO repository_manifests (repository, digest, media_type, size, added_at)
    SELECT 1 + n / ${tags}, ${digest(1)}, 'application/vnd.oci.image.manifest.v1+json',
      length(manifest_of(n)), ${now}
    FROM number WHERE n < ${manifests};

    INSERT INTO tags (repository, name, digest, cached_at, checked_at)
    SELECT 1 + n / ${tags}, 't' || (n % ${tags}), ${digest(1)}, ${now}, ${now}
    FROM number WHERE n < ${manifests};

    INSERT INTO blobs (digest, size, added_at) SELECT ${digest(2)}, 1000 + n, ${now} FROM number;

    INSERT INTO repository_blobs (repository, digest, size, added_at)
    SELECT 1 + n / ${tags * blobs}, ${digest(2)}, 1000 + n, ${now} FROM number;

    WITH named AS (SELECT n, n / ${blobs} AS manifest FROM number)
    INSERT INTO manifest_references (manifest, kind, digest, size)
    SELECT ${digest(1).replaceAll(/\bn\b/g, 'manifest')}, 'blob', ${digest(2)}, 1000 + n FROM named;

    DROP TABLE number;`;
}

/** About as long as the manifest of an image with that many layers is. */
function manifestOf(number: number, blobs: number): string {
  const layer = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    size: number,
    digest: `sha256:${'0'.repeat(64)}`,
  };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    layers: Array.from({ length: blobs }, () => layer),
  });
}
