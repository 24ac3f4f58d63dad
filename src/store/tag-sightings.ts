/**
 * The part of the metadata port that knows since when upstream has named what by a tag. Only mirrored repositories with a
 * minimum age for their tags have sightings. They outlive the eviction of the image.
 */
import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/reference.ts';
import type { Repository } from '../oci/repository.ts';

/** What upstream was last seen to name by a tag. */
export interface TagSighting {
  readonly digest: Digest;
  /** Since when, without having been seen to name anything else in between. */
  readonly since: number;
  /** What was taken over from upstream for the tag: what it is served as. */
  readonly taken?: Digest;
}

export interface SeenTag {
  readonly digest: Digest;
  readonly at: number;
  /** What has been taken over for the tag by then, where that is known. */
  readonly taken?: Digest | undefined;
}

/**
 * Of tags that nothing was taken over for only so many are remembered, those seen most recently first: clients could
 * otherwise fill the disk with the tags of a large registry. A forgotten one has to wait again.
 */
export const MAX_WAITING_TAGS = 100_000;

export interface TagSightings {
  findSighting(repository: Repository, tag: Tag): Promise<TagSighting | undefined>;
  /**
   * Notes what upstream names by the tag; resolves with what stands then.
   * `since` changes with the digest, or to an earlier time (a clock that was wrong). `deleteTag` and `deleteManifest`
   * undo what was taken, eviction does not.
   */
  recordSighting(repository: Repository, tag: Tag, seen: SeenTag): Promise<TagSighting>;
}
