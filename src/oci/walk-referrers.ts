import type { Digest } from './digest.ts';

/** An image, its SBOM, and the signature of that. */
const MAX_DEPTH = 2;
/** Some attach a report every day; nobody verifies so many. */
const MAX_REFERRERS = 500;

export class TooManyReferrersError extends Error {
  override readonly name = 'TooManyReferrersError';

  constructor() {
    super(`more than ${MAX_REFERRERS} refer to it`);
  }
}

/**
 * What refers to an image, and what refers to that, each once and behind what it refers to.
 *
 * @param images - the image, and if it is an index those that it names. They are asked about only where something refers to the
 *   index: who signs or describes them does so with the index too, and each would cost requests in vain
 * @throws TooManyReferrersError behind those that one may have
 */
export async function* walkReferrers<Referrer extends { readonly digest: Digest }>(
  images: Iterable<Digest>,
  referrersOf: (subject: Digest) => Promise<readonly Referrer[]>,
): AsyncGenerator<Referrer> {
  const found = new Set<Digest>();
  const [root, ...children] = images;
  if (root === undefined) return;
  yield* walk(root, 0);
  if (found.size > 0) for (const child of children) yield* walk(child, 0);

  async function* walk(subject: Digest, depth: number): AsyncGenerator<Referrer> {
    for (const referrer of await referrersOf(subject)) {
      if (found.has(referrer.digest)) continue;
      if (found.size === MAX_REFERRERS) throw new TooManyReferrersError();
      found.add(referrer.digest);
      yield referrer;
      if (depth + 1 < MAX_DEPTH) yield* walk(referrer.digest, depth + 1);
    }
  }
}
