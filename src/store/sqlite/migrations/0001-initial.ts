/**
 * The first schema. Digests are kept as text: the database stays readable by hand, and a reference may
 * name what is not held. Every listing of the port has an index in its order, and what is counted is
 * counted by triggers, so no cost grows with the number of rows.
 */
export const initial = `
-- upstream is '' for a hosted repository: no configured upstream is called that, so hosted "a/b" and
-- repository "b" of upstream "a" stay two, though they are displayed alike.
CREATE TABLE repositories (
  id INTEGER PRIMARY KEY,
  upstream TEXT NOT NULL,
  name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  manifests INTEGER NOT NULL DEFAULT 0,
  UNIQUE (upstream, name)
) STRICT;
CREATE INDEX repositories_listed ON repositories (display_name, upstream) WHERE manifests > 0;

-- What the bytes themselves say; content comes last, so that reading the rest never walks through it.
CREATE TABLE manifests (
  digest TEXT NOT NULL PRIMARY KEY,
  size INTEGER NOT NULL,
  annotations TEXT,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE manifest_references (
  manifest TEXT NOT NULL REFERENCES manifests ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('blob', 'manifest')),
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (manifest, kind, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_references_named ON manifest_references (digest, kind);

CREATE TABLE repository_manifests (
  repository INTEGER NOT NULL REFERENCES repositories,
  digest TEXT NOT NULL REFERENCES manifests,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  subject TEXT,
  artifact_type TEXT,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_manifests_held ON repository_manifests (digest);
CREATE INDEX referrers ON repository_manifests (repository, subject, digest)
  WHERE subject IS NOT NULL;
CREATE INDEX referrers_of_type ON repository_manifests (repository, subject, artifact_type, digest)
  WHERE subject IS NOT NULL;

-- digest may name a manifest that the repository does not hold (known from a HEAD only).
CREATE TABLE tags (
  repository INTEGER NOT NULL REFERENCES repositories,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  cached_at INTEGER NOT NULL,
  checked_at INTEGER NOT NULL,
  PRIMARY KEY (repository, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_naming ON tags (repository, digest);

-- The blobs that are held.
CREATE TABLE blobs (
  digest TEXT NOT NULL PRIMARY KEY,
  size INTEGER NOT NULL,
  added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The blobs that a repository refers to, held or not; size is what was last said of it.
CREATE TABLE repository_blobs (
  repository INTEGER NOT NULL REFERENCES repositories,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_blobs_linked ON repository_blobs (digest);

-- By name, not by id: an upload that was only begun does not make its repository known.
CREATE TABLE uploads (
  id TEXT NOT NULL PRIMARY KEY,
  upstream TEXT NOT NULL,
  name TEXT NOT NULL,
  algorithm TEXT NOT NULL CHECK (algorithm IN ('sha256', 'sha512')),
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_of_repository ON uploads (upstream, name);
CREATE INDEX uploads_by_use ON uploads (used_at);

CREATE TABLE totals (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  blobs INTEGER NOT NULL,
  blob_bytes INTEGER NOT NULL,
  manifests INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, 0, 0, 0);

CREATE TRIGGER count_added_blob AFTER INSERT ON blobs BEGIN
  UPDATE totals SET blobs = blobs + 1, blob_bytes = blob_bytes + new.size;
END;
CREATE TRIGGER count_resized_blob AFTER UPDATE OF size ON blobs BEGIN
  UPDATE totals SET blob_bytes = blob_bytes - old.size + new.size;
END;
CREATE TRIGGER count_deleted_blob AFTER DELETE ON blobs BEGIN
  UPDATE totals SET blobs = blobs - 1, blob_bytes = blob_bytes - old.size;
END;
CREATE TRIGGER count_added_manifest AFTER INSERT ON manifests BEGIN
  UPDATE totals SET manifests = manifests + 1;
END;
CREATE TRIGGER count_deleted_manifest AFTER DELETE ON manifests BEGIN
  UPDATE totals SET manifests = manifests - 1;
END;
CREATE TRIGGER count_repository_manifest AFTER INSERT ON repository_manifests BEGIN
  UPDATE repositories SET manifests = manifests + 1 WHERE id = new.repository;
END;
CREATE TRIGGER discount_repository_manifest AFTER DELETE ON repository_manifests BEGIN
  UPDATE repositories SET manifests = manifests - 1 WHERE id = old.repository;
END;
`;
