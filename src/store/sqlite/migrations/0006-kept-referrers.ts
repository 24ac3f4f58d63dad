/** What one step leads to from some manifests: those that they name, those that refer to them, and those that cosign tags with their digests. */
const STEP = (from: string): string => `
  SELECT digest FROM manifest_references WHERE kind = 'manifest' AND manifest IN (${from})
  UNION ALL SELECT digest FROM repository_manifests
    WHERE repository = old.repository AND subject IN (${from})
  UNION ALL SELECT tags.digest FROM tags WHERE repository = old.repository AND name IN (
    SELECT replace(named.digest, ':', '-') || ending.text FROM (${from}) AS named
      CROSS JOIN (SELECT '.sig' AS text UNION ALL SELECT '.att' UNION ALL SELECT '.sbom') AS ending
  )`;

const OLD = 'SELECT old.digest AS digest';

/** Of what `old` names: the manifest and, two steps on, what is pinned with it. */
const UNKEEP = `
  UPDATE repository_manifests SET kept = 0 WHERE kept = 1 AND repository = old.repository
    AND digest IN (${OLD} UNION ALL ${STEP(OLD)} UNION ALL ${STEP(STEP(OLD))});`;

/** Most repositories have no pin, and pay for none. */
const IS_KEPT = `EXISTS (
  SELECT 1 FROM repository_manifests WHERE kept = 1 AND repository = old.repository
)`;

/** A pin keeps what refers to its images, too: signatures, attestations, SBOMs. */
export const keptReferrers = `
DROP TRIGGER unkeep_moved;
DROP TRIGGER unkeep_untagged;
DROP TRIGGER unkeep_orphaned;
CREATE TRIGGER unkeep_moved AFTER UPDATE OF digest ON tags
WHEN old.digest <> new.digest AND ${IS_KEPT} BEGIN
  ${UNKEEP}
END;
CREATE TRIGGER unkeep_untagged AFTER DELETE ON tags WHEN ${IS_KEPT} BEGIN
  ${UNKEEP}
END;
CREATE TRIGGER unkeep_orphaned AFTER DELETE ON repository_manifests WHEN ${IS_KEPT} BEGIN
  ${UNKEEP}
END;
`;
