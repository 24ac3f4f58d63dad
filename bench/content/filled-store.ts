import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { SqliteMetadataStore } from '../../src/store/sqlite/sqlite-metadata-store.ts';

export interface FilledStoreOptions {
  readonly repositories: number;
  /** Manifests of each repository, tagged t1, t2, … */
  readonly tags: number;
  /** Blobs that each manifest names, all of them its own. */
  readonly blobs: number;
  /** Whose content it is; without one it has been pushed. */
  readonly upstream?: string;
  /** The blobs that were used first, and how large the database takes each of them for, in bytes. */
  readonly oldest?: { readonly blobs: number; readonly size: number };
}

/**
 * Makes a store that holds all that, the first manifests as those that were not used for longest. Its blobs are empty files: what
 * counts here is how many there are.
 */
export async function fillStore(dir: string, options: FilledStoreOptions): Promise<void> {
  const { blobs } = options;
  const file = join(dir, 'holdfast.db');
  const schema = await SqliteMetadataStore.open({ file });
  await schema.close();
  const database = new Database(file);
  try {
    database.pragma('synchronous = OFF');
    database.pragma('cache_size = -500000');
    database.function('manifest_of', (number: number) => manifestOf(number, blobs));
    database.function('sha256', (text: string) => createHash('sha256').update(text).digest('hex'));
    database.transaction(() => {
      database.exec(statements(options, Date.now()));
    })();
    database.pragma('wal_checkpoint(TRUNCATE)');
    addFiles(dir, database);
  } finally {
    database.close();
  }
}

/** The digest of the manifest number `number`, counted from 0 over all repositories. */
export function manifestDigest(number: number, { blobs }: FilledStoreOptions): string {
  return `sha256:${createHash('sha256').update(manifestOf(number, blobs)).digest('hex')}`;
}

function addFiles(dir: string, database: Database.Database): void {
  const shards = new Set<string>();
  const digests = database.prepare<[], { hex: string }>(
    'SELECT substr(digest, 8) AS hex FROM blobs',
  );
  for (const { hex } of digests.iterate()) {
    const shard = join(dir, 'blobs/sha256', hex.slice(0, 2));
    if (!shards.has(shard)) mkdirSync(shard, { recursive: true });
    shards.add(shard);
    closeSync(openSync(join(shard, hex), 'w'));
  }
}

/** A prime spreads neighbours over the index, as digests are. */
const BLOB = `'sha256:' || printf('%08x%08x%016x%016x%016x', n * 2654435761 % 4294967291, n, n, n, n)`;
const MANIFEST = `'sha256:' || sha256(manifest_of(n))`;

function statements(options: FilledStoreOptions, now: number): string {
  const { repositories, tags, blobs, upstream = '', oldest = { blobs: 0, size: 0 } } = options;
  const manifests = repositories * tags;
  const prefix = upstream === '' ? '' : `${upstream}/`;
  // Only what is mirrored is known to be used: here a millisecond after the one before.
  const usedAt = upstream === '' ? 'NULL' : `${now - manifests} + n`;
  const size = `iif(n < ${oldest.blobs}, ${oldest.size}, 0)`;
  return `
    CREATE TEMP TABLE number (n INTEGER PRIMARY KEY);
    WITH RECURSIVE next (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM next WHERE n + 1 < ${manifests * blobs})
    INSERT INTO number SELECT n FROM next;

    INSERT INTO repositories (upstream, name, display_name)
    SELECT '${upstream}', 'scale/r' || n, '${prefix}scale/r' || n FROM number WHERE n < ${repositories};

    INSERT INTO manifests (digest, size, content)
    SELECT ${MANIFEST}, length(manifest_of(n)), CAST(manifest_of(n) AS BLOB)
    FROM number WHERE n < ${manifests};

    INSERT INTO repository_manifests (repository, digest, media_type, size, added_at, used_at)
    SELECT 1 + n / ${tags}, ${MANIFEST}, 'application/vnd.oci.image.manifest.v1+json',
      length(manifest_of(n)), ${now}, ${usedAt}
    FROM number WHERE n < ${manifests};

    INSERT INTO tags (repository, name, digest, cached_at, checked_at)
    SELECT 1 + n / ${tags}, 't' || (n % ${tags}), ${MANIFEST}, ${now}, ${now}
    FROM number WHERE n < ${manifests};

    INSERT INTO blobs (digest, size, added_at) SELECT ${BLOB}, ${size}, ${now} FROM number;

    INSERT INTO repository_blobs (repository, digest, size, added_at)
    SELECT 1 + n / ${tags * blobs}, ${BLOB}, ${size}, ${now} FROM number;

    INSERT INTO manifest_references (manifest, kind, digest, size)
    SELECT made.digest, 'blob', ${BLOB}, ${size}
    FROM number CROSS JOIN manifests AS made ON made.rowid = 1 + n / ${blobs};

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
