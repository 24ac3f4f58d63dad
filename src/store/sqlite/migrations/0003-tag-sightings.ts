/** Since when upstream has named what by a tag, for tags with a minimum age. */
export const tagSightings = `
-- taken: what the tag is served as. It stays when the image is evicted.
CREATE TABLE tag_sightings (
  repository INTEGER NOT NULL REFERENCES repositories,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  since INTEGER NOT NULL,
  taken TEXT,
  PRIMARY KEY (repository, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_sightings_waiting ON tag_sightings (since) WHERE taken IS NULL;
CREATE INDEX tag_sightings_taken ON tag_sightings (repository, taken) WHERE taken IS NOT NULL;
`;
