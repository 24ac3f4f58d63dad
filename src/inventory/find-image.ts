import type { Digest } from '../oci/digest.ts';
import type { Reference, Tag } from '../oci/reference.ts';
import type { Repository } from '../oci/repository.ts';
import type { MetadataStore } from '../store/metadata-store.ts';

/** An image that is held. */
export interface FoundImage {
  readonly repository: Repository;
  readonly digest: Digest;
  /** Undefined where it was asked for by digest. */
  readonly tag:
    { readonly name: Tag; readonly cachedAt: number; readonly checkedAt: number } | undefined;
}

/** The image in the first of these repositories that holds it. Upstream is not asked. */
export async function findImage(
  metadata: MetadataStore,
  repositories: readonly Repository[],
  reference: Reference,
): Promise<FoundImage | undefined> {
  for (const repository of repositories) {
    if (reference.kind === 'digest') {
      const { digest } = reference;
      const held = await metadata.findManifest(repository, digest);
      if (held) return { repository, digest, tag: undefined };
      continue;
    }
    const record = await metadata.findTag(repository, reference.tag);
    if (!record?.manifest) continue;
    const { digest, cachedAt, checkedAt } = record;
    return { repository, digest, tag: { name: reference.tag, cachedAt, checkedAt } };
  }
  return undefined;
}
