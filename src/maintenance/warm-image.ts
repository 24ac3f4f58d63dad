/** One image into the store, whole, with what refers to it. Of a tag upstream is asked once. */
import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';
import type { ManifestRecord } from '../store/metadata-store.ts';
import {
  addParts,
  ensureManifest,
  fetchBlobs,
  noParts,
  requireLimit,
  sizeOf,
  type WarmSource,
} from './warm-parts.ts';
import { findReferrers } from './warm-referrers.ts';

export interface WarmImageOptions extends WarmSource {
  readonly reference: Reference;
  /** None: all that there are. */
  readonly platforms: readonly Platform[];
  /** With signatures, attestations and SBOMs that refer to it. */
  readonly referrers: boolean;
}

export interface WarmedImage {
  readonly digest: Digest;
  /** Bytes of all its parts. */
  readonly total: number;
  /** What the tag has come to name upstream is too young; this is what it is served as. */
  readonly isHeldBack: boolean;
  /** Why it is here without what refers to it. */
  readonly referrersFailure?: unknown;
}

/** Rejects with what stands in the way, after what was under way is over. */
export async function warmImage(options: WarmImageOptions): Promise<WarmedImage> {
  const { root, isHeldBack } = await findRoot(options);
  const image = noParts();
  await addParts(options, root.digest, options.platforms, image);
  const total = sizeOf(image);
  await fetchBlobs(options, image, total);
  const warmed = { digest: root.digest, total, isHeldBack };
  if (!options.referrers) return warmed;
  try {
    const referrers = await findReferrers(options, image.images);
    const all = total + sizeOf(referrers);
    await fetchBlobs(options, referrers, all);
    return { ...warmed, total: all };
  } catch (cause) {
    options.signal.throwIfAborted();
    return { ...warmed, referrersFailure: cause };
  }
}

async function findRoot(
  options: WarmImageOptions,
): Promise<{ readonly root: ManifestRecord; readonly isHeldBack: boolean }> {
  const { pullThrough, repository, reference } = options;
  if (reference.kind === 'digest') {
    const { manifest } = await ensureManifest(options, reference.digest);
    return { root: manifest, isHeldBack: false };
  }
  requireLimit(options);
  const { manifest, isHeldBack } = await pullThrough.refresh(repository, reference.tag);
  return { root: manifest, isHeldBack };
}
