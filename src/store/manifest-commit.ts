import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { Tag } from '../oci/reference.ts';
import type { Repository } from '../oci/repository.ts';
import type { ManifestCommit } from './metadata-store.ts';

/** What the metadata store is told of a parsed manifest, pushed or pulled alike. */
export function manifestCommit({
  manifest,
  ...rest
}: {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly content: Uint8Array;
  readonly manifest: Manifest;
  readonly tags: readonly Tag[];
  readonly at: number;
}): ManifestCommit {
  const { mediaType, descriptors, subject, artifactType, annotations } = manifest;
  return {
    ...rest,
    mediaType,
    references: descriptors.map(({ role, digest, size }) => ({
      kind: role === 'manifest' ? 'manifest' : 'blob',
      digest,
      size,
    })),
    ...(subject && { subject }),
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations }),
  };
}
