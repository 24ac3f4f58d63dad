/** Of what `old` names: the manifest and, two levels down, those that it needs. */
const UNKEEP = `
  UPDATE repository_manifests SET kept = 0 WHERE kept = 1 AND repository = old.repository
    AND digest IN (
      SELECT old.digest
      UNION ALL SELECT digest FROM manifest_references WHERE manifest = old.digest
      UNION ALL SELECT grandchild.digest FROM manifest_references AS child
        CROSS JOIN manifest_references AS grandchild ON grandchild.manifest = child.digest
        WHERE child.manifest = old.digest AND child.kind = 'manifest'
    );`;

/**
 * What the API tells: sums for each repository, pins, usage by day, and what has gone. As before, everything that is
 * counted is counted by triggers.
 */
export const inventory = `
-- tags: those that are known. bytes: of held blobs that it refers to. used_at is NULL where nothing is mirrored.
ALTER TABLE repositories ADD COLUMN tags INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN used_at INTEGER;
ALTER TABLE repositories ADD COLUMN cached_at INTEGER NOT NULL DEFAULT 0;
UPDATE repositories SET tags = sums.tags
  FROM (SELECT repository, count(*) AS tags FROM tags GROUP BY repository) AS sums
  WHERE sums.repository = repositories.id;
UPDATE repositories SET bytes = sums.bytes
  FROM (
    SELECT link.repository, sum(blobs.size) AS bytes
    FROM repository_blobs AS link JOIN blobs ON blobs.digest = link.digest GROUP BY link.repository
  ) AS sums
  WHERE sums.repository = repositories.id;
UPDATE repositories SET used_at = sums.used_at, cached_at = sums.cached_at
  FROM (
    SELECT repository, max(used_at) AS used_at, max(added_at) AS cached_at
    FROM repository_manifests GROUP BY repository
  ) AS sums
  WHERE sums.repository = repositories.id;

CREATE TRIGGER count_tag AFTER INSERT ON tags BEGIN
  UPDATE repositories SET tags = tags + 1 WHERE id = new.repository;
END;
CREATE TRIGGER discount_tag AFTER DELETE ON tags BEGIN
  UPDATE repositories SET tags = tags - 1 WHERE id = old.repository;
END;
CREATE TRIGGER count_linked_bytes AFTER INSERT ON repository_blobs BEGIN
  UPDATE repositories
    SET bytes = bytes + coalesce((SELECT size FROM blobs WHERE digest = new.digest), 0)
    WHERE id = new.repository;
END;
CREATE TRIGGER discount_linked_bytes AFTER DELETE ON repository_blobs BEGIN
  UPDATE repositories
    SET bytes = bytes - coalesce((SELECT size FROM blobs WHERE digest = old.digest), 0)
    WHERE id = old.repository;
END;
CREATE TRIGGER count_held_bytes AFTER INSERT ON blobs BEGIN
  UPDATE repositories SET bytes = bytes + new.size
    WHERE id IN (SELECT repository FROM repository_blobs WHERE digest = new.digest);
END;
CREATE TRIGGER count_resized_bytes AFTER UPDATE OF size ON blobs WHEN old.size <> new.size BEGIN
  UPDATE repositories SET bytes = bytes - old.size + new.size
    WHERE id IN (SELECT repository FROM repository_blobs WHERE digest = new.digest);
END;
CREATE TRIGGER discount_held_bytes AFTER DELETE ON blobs BEGIN
  UPDATE repositories SET bytes = bytes - old.size
    WHERE id IN (SELECT repository FROM repository_blobs WHERE digest = old.digest);
END;
CREATE TRIGGER note_addition AFTER INSERT ON repository_manifests BEGIN
  UPDATE repositories
    SET cached_at = max(cached_at, new.added_at), used_at = max(coalesce(used_at, 0), new.used_at)
    WHERE id = new.repository;
END;
CREATE TRIGGER note_use AFTER UPDATE OF used_at ON repository_manifests
WHEN new.used_at > old.used_at BEGIN
  UPDATE repositories SET used_at = new.used_at
    WHERE id = new.repository AND used_at < new.used_at;
END;

CREATE TABLE pins (
  pattern TEXT NOT NULL PRIMARY KEY,
  added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- kept: eviction came by and found it pinned, so it need not look again. Whatever may end that sets it back: a tag that
-- moves or goes, an index that goes, a pin that goes. Two levels down, as eviction looks two levels up.
ALTER TABLE repository_manifests ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
DROP INDEX repository_manifests_by_use;
CREATE INDEX repository_manifests_by_use ON repository_manifests (used_at, repository, digest)
  WHERE used_at IS NOT NULL AND kept = 0;
CREATE INDEX repository_manifests_kept ON repository_manifests (repository, digest) WHERE kept = 1;

CREATE TRIGGER unkeep_moved AFTER UPDATE OF digest ON tags WHEN old.digest <> new.digest BEGIN
  ${UNKEEP}
END;
CREATE TRIGGER unkeep_untagged AFTER DELETE ON tags BEGIN
  ${UNKEEP}
END;
CREATE TRIGGER unkeep_orphaned AFTER DELETE ON repository_manifests BEGIN
  ${UNKEEP}
END;

-- upstream is '' for hosted repositories.
CREATE TABLE usage (
  day TEXT NOT NULL,
  upstream TEXT NOT NULL,
  requests INTEGER NOT NULL,
  hits INTEGER NOT NULL,
  misses INTEGER NOT NULL,
  stale INTEGER NOT NULL,
  bytes_served INTEGER NOT NULL,
  bytes_fetched INTEGER NOT NULL,
  PRIMARY KEY (day, upstream)
) STRICT, WITHOUT ROWID;

-- What was here and went, the last time that it did; repository is 0 for a blob. The oldest are forgotten.
CREATE TABLE departures (
  repository INTEGER NOT NULL,
  reference TEXT NOT NULL,
  reason TEXT NOT NULL CHECK (reason IN ('evicted', 'deleted', 'damaged')),
  at INTEGER NOT NULL,
  PRIMARY KEY (repository, reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX departures_by_age ON departures (at);
`;
