/** What refers to an image: by the referrers API, by its fallback tag, and by the tags that cosign makes of the digest. */
import type { Digest } from '../oci/digest.ts';
import { addParts, noParts, type Parts, requireLimit, type WarmSource } from './warm-parts.ts';

/** A signature of an SBOM of an image. */
const MAX_DEPTH = 2;
/** Some attach a report every day; nobody verifies so many. */
const MAX_REFERRERS = 500;

/**
 * Fetches the manifests of what refers to an image, and tells of all its parts.
 *
 * @param images - the image, and if it is an index those that it names. They are asked about only where something refers to the index:
 *   who signs or describes them does so with the index too, and each costs four requests
 */
export async function findReferrers(
  source: WarmSource,
  images: ReadonlySet<Digest>,
): Promise<Parts> {
  const parts = noParts();
  const [root, ...children] = images;
  if (root === undefined) return parts;
  await visit(root, 0);
  if (parts.manifests.size > 0) for (const child of children) await visit(child, 0);
  return parts;

  async function visit(subject: Digest, depth: number): Promise<void> {
    requireLimit(source);
    source.signal.throwIfAborted();
    for (const referrer of await source.pullThrough.upstreamReferrers(source.repository, subject)) {
      if (parts.manifests.has(referrer)) continue;
      if (parts.images.size >= MAX_REFERRERS) {
        throw new Error(`more than ${MAX_REFERRERS} refer to it`);
      }
      await addParts(source, referrer, [], parts);
      if (depth + 1 < MAX_DEPTH) await visit(referrer, depth + 1);
    }
  }
}
