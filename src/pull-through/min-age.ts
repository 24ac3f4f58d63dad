/**
 * A minimum age for what tags name (`tags.minAge`): a bad release is mostly found out within days, and who takes over
 * nothing younger never had it. The age is how long this server has seen the tag name it: dates within an image are its author's
 * word. What the tag has moved away from again does not count, however old: it may have been withdrawn.
 */
import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/reference.ts';
import { isReferrerTag } from '../oci/referrer-tags.ts';
import type { TagSighting } from '../store/tag-sightings.ts';
import type { TagPolicy } from './freshness.ts';

export type AgeVerdict =
  /** It is old enough, or what is served already. */
  | { readonly state: 'take' }
  /** Too young; `taken` is served meanwhile. */
  | { readonly state: 'keep'; readonly taken: Digest; readonly until: number }
  /** Too young, and there is nothing older. */
  | { readonly state: 'refuse'; readonly until: number };

/** What comes of a tag that upstream has just been seen to name `sighting.digest` by. */
export function judgeAge(
  { digest, since, taken }: TagSighting,
  { minAge, whenNew }: Pick<TagPolicy, 'minAge' | 'whenNew'>,
  now: number,
): AgeVerdict {
  const until = since + minAge;
  if (digest === taken || now >= until) return { state: 'take' };
  if (taken !== undefined) return { state: 'keep', taken, until };
  return whenNew === 'serve' ? { state: 'take' } : { state: 'refuse', until };
}

/** Whether a minimum age counts for this tag. What speaks of an image is needed together with it, and is always younger. */
export function hasMinAge(policy: Pick<TagPolicy, 'minAge'>, tag: Tag): boolean {
  return policy.minAge > 0 && !isReferrerTag(tag);
}

/** The tag names something younger than its policy allows, and nothing older is there to be served. */
export class TooYoungError extends Error {
  override readonly name = 'TooYoungError';
  readonly digest: Digest;
  /** From then on it may be taken over; ms since the epoch. */
  readonly until: number;

  constructor(image: string, { digest, since }: TagSighting, until: number) {
    const [seen, end] = [since, until].map((time) => new Date(time).toISOString());
    super(`${image} was first seen here at ${seen} and is held back until ${end} (tags.minAge)`);
    this.digest = digest;
    this.until = until;
  }
}
