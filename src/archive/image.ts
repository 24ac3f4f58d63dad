import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/reference.ts';
import type { Content } from './content.ts';

/** A blob that a manifest names. */
export interface ImageBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly content: Content;
}

/** A manifest and all that it needs: an image with its blobs, or an index with its manifests. */
export interface ImageManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** The exact bytes. */
  readonly bytes: Uint8Array;
  readonly blobs: readonly ImageBlob[];
  readonly children: readonly ImageManifest[];
}

/** What speaks of an image without being a part of it: a signature, an attestation, an SBOM. */
export interface Referrer {
  readonly root: ImageManifest;
  /** Made from the digest of what it speaks of, as cosign does; mostly none. */
  readonly tags: readonly Tag[];
}

export interface ArchivedImage {
  /** As the archive has them: `docker.io/library/alpine:3`, `alpine:3`, or `:3` for a tag alone. May be empty. */
  readonly names: readonly string[];
  readonly root: ImageManifest;
  /** What its index names and the archive lacks: platforms, or digests. The index that it has here is without them. */
  readonly missing: readonly string[];
  readonly referrers: readonly Referrer[];
}

/** Each blob of the image once, in the order in which the manifests name them. */
export function blobsOf(root: ImageManifest): readonly ImageBlob[] {
  const blobs = new Map<Digest, ImageBlob>();
  for (const manifest of manifestsOf(root)) {
    for (const blob of manifest.blobs) blobs.set(blob.digest, blobs.get(blob.digest) ?? blob);
  }
  return [...blobs.values()];
}

/** Each manifest of the image once, each behind those that it names: the order in which a registry takes them. */
export function manifestsOf(root: ImageManifest): readonly ImageManifest[] {
  const found = new Map<Digest, ImageManifest>();
  const visit = (manifest: ImageManifest): void => {
    if (found.has(manifest.digest)) return;
    manifest.children.forEach(visit);
    found.set(manifest.digest, manifest);
  };
  visit(root);
  return [...found.values()];
}
