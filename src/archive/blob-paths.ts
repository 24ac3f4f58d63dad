import { type Digest, digestAlgorithm, digestHex, parseDigest } from '../oci/digest.ts';

const BLOB = /^blobs\/([a-z0-9]+)\/([a-f0-9]+)$/;

/** Where an OCI layout keeps it (image-spec, "Image Layout": blobs). */
export function blobPath(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/** The digest that the name of an entry promises; undefined for the name of anything else. */
export function digestOfPath(name: string): Digest | undefined {
  const [, algorithm, hex] = BLOB.exec(name) ?? [];
  return algorithm === undefined ? undefined : parseDigest(`${algorithm}:${hex}`);
}
