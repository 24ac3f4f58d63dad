import type { Clock } from '../clock.ts';
import type { Digest } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import { parseManifest } from '../oci/manifest.ts';
import type { Tag } from '../oci/reference.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import { manifestCommit } from '../store/manifest-commit.ts';
import type { MetadataStore } from '../store/metadata-store.ts';

export interface MirroredManifest {
  readonly repository: MirroredRepository;
  /** Of `content`: it has been checked. */
  readonly digest: Digest;
  readonly content: Uint8Array;
  readonly mediaType: string;
  readonly tags: readonly Tag[];
}

/**
 * Takes a manifest over as if upstream had just given it, its tags included; what it names is there already. It outlives a power
 * loss: where it came from upstream may be out of reach.
 */
export async function keepMirrored(
  { metadata, clock }: { readonly metadata: MetadataStore; readonly clock: Clock },
  { repository, digest, content, mediaType, tags }: MirroredManifest,
): Promise<void> {
  const parsed = parseManifest(content, mediaType);
  if (!parsed.ok) throw new OciError('MANIFEST_INVALID', { detail: parsed.problem });
  const at = clock.now();
  const { manifest } = parsed;
  const commit = manifestCommit({ repository, digest, content, manifest, tags, at });
  await metadata.commitManifest({ ...commit, durable: true });
}
