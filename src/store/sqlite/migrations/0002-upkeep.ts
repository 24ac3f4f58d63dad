/**
 * What upkeep asks for: the order of last use, which blobs nobody needs any more, and what is damaged. As with the
 * totals, everything that is counted is counted by triggers, so that no statement can forget it.
 */
export const upkeep = `
-- The last use; NULL in a hosted repository, whose content is never evicted.
ALTER TABLE repository_manifests ADD COLUMN used_at INTEGER;
-- hosted: hosted repositories that refer to the blob. named: references of held manifests that name it.
ALTER TABLE blobs ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE blobs ADD COLUMN hosted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE blobs ADD COLUMN named INTEGER NOT NULL DEFAULT 0;
ALTER TABLE totals ADD COLUMN mirrored_bytes INTEGER NOT NULL DEFAULT 0;

-- Blobs that were found damaged and that no fill or push has brought back yet.
CREATE TABLE damaged_blobs (
  digest TEXT NOT NULL PRIMARY KEY,
  found_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The use that is known of what is there already: a tag is checked when it is asked for.
UPDATE repository_manifests SET used_at = max(added_at, coalesce((
  SELECT max(checked_at) FROM tags
  WHERE tags.repository = repository_manifests.repository AND tags.digest = repository_manifests.digest
), 0))
WHERE (SELECT upstream FROM repositories WHERE id = repository) <> '';
UPDATE repository_manifests SET used_at = max(used_at, coalesce((
  SELECT max(parent.used_at) FROM manifest_references AS named
  JOIN repository_manifests AS parent
    ON parent.repository = repository_manifests.repository AND parent.digest = named.manifest
  WHERE named.digest = repository_manifests.digest AND named.kind = 'manifest'
), 0))
WHERE used_at IS NOT NULL;
UPDATE blobs SET
  used_at = added_at,
  hosted = (
    SELECT count(*) FROM repository_blobs AS link
    JOIN repositories ON repositories.id = link.repository
    WHERE link.digest = blobs.digest AND repositories.upstream = ''
  ),
  named = (SELECT count(*) FROM manifest_references WHERE digest = blobs.digest);
UPDATE totals SET mirrored_bytes = coalesce((SELECT sum(size) FROM blobs WHERE hosted = 0), 0);

CREATE INDEX repository_manifests_by_use ON repository_manifests (used_at)
  WHERE used_at IS NOT NULL;
CREATE INDEX blobs_loose ON blobs (used_at) WHERE hosted = 0 AND named = 0;

DROP TRIGGER count_added_blob;
DROP TRIGGER count_resized_blob;
DROP TRIGGER count_deleted_blob;
-- Links and manifests may come before the blob that they mean. A blob that is back is damaged no more.
CREATE TRIGGER count_added_blob AFTER INSERT ON blobs BEGIN
  UPDATE totals SET blobs = blobs + 1, blob_bytes = blob_bytes + new.size,
    mirrored_bytes = mirrored_bytes + new.size;
  UPDATE blobs SET
    hosted = (
      SELECT count(*) FROM repository_blobs AS link
      JOIN repositories ON repositories.id = link.repository
      WHERE link.digest = new.digest AND repositories.upstream = ''
    ),
    named = (SELECT count(*) FROM manifest_references WHERE digest = new.digest)
  WHERE digest = new.digest;
  DELETE FROM damaged_blobs WHERE digest = new.digest;
END;
CREATE TRIGGER count_changed_blob AFTER UPDATE OF size, hosted ON blobs BEGIN
  UPDATE totals SET blob_bytes = blob_bytes - old.size + new.size,
    mirrored_bytes = mirrored_bytes - iif(old.hosted = 0, old.size, 0)
      + iif(new.hosted = 0, new.size, 0);
END;
CREATE TRIGGER count_deleted_blob AFTER DELETE ON blobs BEGIN
  UPDATE totals SET blobs = blobs - 1, blob_bytes = blob_bytes - old.size,
    mirrored_bytes = mirrored_bytes - iif(old.hosted = 0, old.size, 0);
END;
CREATE TRIGGER count_hosted_link AFTER INSERT ON repository_blobs
WHEN (SELECT upstream FROM repositories WHERE id = new.repository) = '' BEGIN
  UPDATE blobs SET hosted = hosted + 1 WHERE digest = new.digest;
END;
CREATE TRIGGER discount_hosted_link AFTER DELETE ON repository_blobs
WHEN (SELECT upstream FROM repositories WHERE id = old.repository) = '' BEGIN
  UPDATE blobs SET hosted = hosted - 1 WHERE digest = old.digest;
END;
CREATE TRIGGER count_named_blob AFTER INSERT ON manifest_references BEGIN
  UPDATE blobs SET named = named + 1 WHERE digest = new.digest;
END;
CREATE TRIGGER discount_named_blob AFTER DELETE ON manifest_references BEGIN
  UPDATE blobs SET named = named - 1 WHERE digest = old.digest;
END;
`;
