/** The manifest media types that clients and registries exchange (image-spec, Docker schema 2). */
export const MediaType = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;

const INDEXES: ReadonlySet<string> = new Set([MediaType.ociIndex, MediaType.dockerList]);
const IMAGES: ReadonlySet<string> = new Set([MediaType.ociManifest, MediaType.dockerManifest]);

export function isIndexMediaType(mediaType: string): boolean {
  return INDEXES.has(mediaType);
}

export function isImageMediaType(mediaType: string): boolean {
  return IMAGES.has(mediaType);
}

/** A media type without its parameters, lower-cased (RFC 9110 §8.3.1). */
export function essence(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
