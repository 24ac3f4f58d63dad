import type { Digest } from '../oci/digest.ts';
import { walkReferrers } from '../oci/walk-referrers.ts';
import { addParts, noParts, type Parts, requireLimit, type WarmSource } from './warm-parts.ts';

/**
 * Fetches the manifests of what refers to an image (signatures, attestations, SBOMs), and tells of all their parts.
 *
 * @param images - the image, and if it is an index those that it names
 */
export async function findReferrers(
  source: WarmSource,
  images: ReadonlySet<Digest>,
): Promise<Parts> {
  const { pullThrough, repository, signal } = source;
  const parts = noParts();
  const referrers = walkReferrers(images, async (subject) => {
    requireLimit(source);
    signal.throwIfAborted();
    const digests = await pullThrough.upstreamReferrers(repository, subject);
    return digests.map((digest) => ({ digest }));
  });
  for await (const { digest } of referrers) await addParts(source, digest, [], parts);
  return parts;
}
