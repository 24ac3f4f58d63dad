import type { TagPattern } from '../oci/image-patterns.ts';
import { parseTag, type Tag } from '../oci/reference.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import { isReferrerTag } from '../oci/referrer-tags.ts';
import type { PullThrough } from '../pull-through/pull-through.ts';

/** Each is an image to be fetched, and asked about again each time. */
export const MAX_MATCHES = 250;

export interface MatchedTags {
  /** The highest first, at most `MAX_MATCHES`. */
  readonly tags: readonly Tag[];
  /** That match, in all. */
  readonly matches: number;
}

/** 3.20 comes before 3.9. */
const byVersion = new Intl.Collator('en', { numeric: true });

/**
 * The tags that match, of all that upstream lists now. Those that only speak of other images, as signatures do, are not among
 * them. Fails as upstream does.
 */
export async function matchTags(
  pullThrough: PullThrough,
  repository: MirroredRepository,
  { matches }: TagPattern,
  signal: AbortSignal,
): Promise<MatchedTags> {
  const found = new Set<Tag>();
  for await (const text of pullThrough.upstreamTags(repository)) {
    signal.throwIfAborted();
    const tag = parseTag(text);
    if (tag !== undefined && matches(tag) && !isReferrerTag(tag)) found.add(tag);
  }
  const ordered = [...found].toSorted((one, other) => byVersion.compare(other, one));
  return { tags: ordered.slice(0, MAX_MATCHES), matches: ordered.length };
}
