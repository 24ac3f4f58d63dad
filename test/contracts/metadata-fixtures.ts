import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import { parseTag, type Tag } from '../../src/oci/reference.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/repository-name.ts';
import type { MirroredRepository, Repository } from '../../src/oci/repository.ts';
import type { ManifestCommit, ManifestReference } from '../../src/store/metadata-store.ts';

export function hosted(name: string): Repository {
  return { kind: 'hosted', name: nameOf(name) };
}

export function mirrored(upstream: string, name: string): MirroredRepository {
  return { kind: 'mirrored', upstream, name: nameOf(name) };
}

export function tag(text: string): Tag {
  const parsed = parseTag(text);
  if (parsed === undefined) throw new TypeError(`${text} is no tag`);
  return parsed;
}

/** The digest of something called `name`. */
export function digest(name: string): Digest {
  return digestOf(Buffer.from(name));
}

export function blob(name: string, size = 100): ManifestReference {
  return { kind: 'blob', digest: digest(name), size };
}

export function child(name: string): ManifestReference {
  return { kind: 'manifest', digest: manifestDigest(name), size: manifestContent(name).length };
}

function manifestContent(name: string): Buffer {
  return Buffer.from(JSON.stringify({ manifest: name }));
}

/** The digest of the manifest that `commitOf` makes under this name. */
export function manifestDigest(name: string): Digest {
  return digestOf(manifestContent(name));
}

export function commitOf(
  repository: Repository,
  name: string,
  rest: Partial<ManifestCommit> = {},
): ManifestCommit {
  return {
    repository,
    digest: manifestDigest(name),
    mediaType: MediaType.ociManifest,
    content: manifestContent(name),
    references: [],
    tags: [],
    at: 1_000,
    ...rest,
  };
}

export function recordOf(name: string, mediaType: string = MediaType.ociManifest) {
  return { digest: manifestDigest(name), mediaType, size: manifestContent(name).length };
}

function nameOf(text: string): RepositoryName {
  const parsed = parseRepositoryName(text);
  if (parsed === undefined) throw new TypeError(`${text} is no repository name`);
  return parsed;
}
