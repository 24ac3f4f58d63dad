/**
 * The members of an archive that every client takes: an OCI layout, and the `manifest.json` that `docker load` and
 * podman read, with what refers to the images. What names the images comes first, then manifests, configs and layers in the order in which they are
 * needed, so that whoever reads it as a stream can send everything on as it arrives.
 */
import { type Digest, digestAlgorithm } from '../oci/digest.ts';
import { isIndexMediaType, MediaType } from '../oci/media-types.ts';
import { parseJsonAs } from './archive.ts';
import { blobPath } from './blob-paths.ts';
import { memoryContent } from './content.ts';
import { MANIFEST_JSON } from './docker-save.ts';
import {
  type ArchivedImage,
  blobsOf,
  type ImageManifest,
  manifestsOf,
  type Referrer,
} from './image.ts';
import { IMAGE_CONFIGS } from './image-manifest.ts';
import { imageSchema } from './image-json.ts';
import { indexSchema, type Platform, platformText } from './index-json.ts';
import {
  IMAGE_NAME,
  INDEX_JSON,
  LAYOUT_FILE,
  LAYOUT_VERSION,
  REF_NAME,
  REFERRERS_JSON,
} from './oci-layout.ts';
import type { TarMember } from './write-tar.ts';

/** An image that is to be exported, each of its names in two forms. */
export interface ExportedImage extends Omit<ArchivedImage, 'names' | 'missing'> {
  readonly names: readonly ExportedName[];
}

export interface ExportedName {
  /** As people write it and `docker save` does: `alpine:3`. */
  readonly familiar: string;
  /** With its registry, as containerd keeps it: `docker.io/library/alpine:3`. */
  readonly full: string;
  readonly tag: string;
}

/** Of several platforms `docker load` without containerd's store can take one: the first of these that is there. */
const PREFERRED = ['linux/amd64', 'linux/arm64', 'linux/arm64/v8'];

export function exportMembers(images: readonly ExportedImage[]): readonly TarMember[] {
  const referrers = images.flatMap((image) => image.referrers);
  const roots = [...images, ...referrers].map(({ root }) => root);
  const manifests = unique(roots.flatMap(manifestsOf));
  const blobs = unique(roots.flatMap(blobsOf));
  const contents = [
    ...manifests.map(({ digest, bytes }) => ({ digest, content: memoryContent(bytes) })),
    ...blobs,
  ];
  const algorithms = new Set(contents.map(({ digest }) => digestAlgorithm(digest)));
  return [
    json(LAYOUT_FILE, { imageLayoutVersion: LAYOUT_VERSION }),
    json(INDEX_JSON, indexJson(images)),
    json(MANIFEST_JSON, images.flatMap(savedImage)),
    ...(referrers.length === 0 ? [] : [json(REFERRERS_JSON, referrersJson(referrers))]),
    { type: 'folder', name: 'blobs' },
    ...[...algorithms].map((name): TarMember => ({ type: 'folder', name: `blobs/${name}` })),
    ...contents.map(({ digest, content }): TarMember => ({
      type: 'file',
      name: blobPath(digest),
      content,
    })),
  ];
}

function json(name: string, value: unknown): TarMember {
  return { type: 'file', name, content: memoryContent(Buffer.from(JSON.stringify(value))) };
}

function unique<One extends { readonly digest: Digest }>(all: readonly One[]): readonly One[] {
  return [...new Map(all.map((one) => [one.digest, one])).values()];
}

function indexJson(images: readonly ExportedImage[]) {
  // The tag alone, as Docker writes it, says which one is meant only where there is one.
  const isOnly = images.flatMap(({ names }) => names).length === 1;
  return {
    schemaVersion: 2,
    mediaType: MediaType.ociIndex,
    manifests: images.flatMap(({ root, names }) => {
      const descriptor = {
        mediaType: root.mediaType,
        digest: root.digest,
        size: root.bytes.byteLength,
      };
      if (names.length === 0) return [descriptor];
      return names.map(({ full, tag }) => ({
        ...descriptor,
        annotations: { [IMAGE_NAME]: full, [REF_NAME]: isOnly ? tag : full },
      }));
    }),
  };
}

function referrersJson(referrers: readonly Referrer[]) {
  return {
    schemaVersion: 2,
    mediaType: MediaType.ociIndex,
    manifests: unique(referrers.map(({ root, tags }) => ({ ...root, tags }))).flatMap(
      ({ mediaType, digest, bytes, tags }) => {
        const descriptor = { mediaType, digest, size: bytes.byteLength };
        if (tags.length === 0) return [descriptor];
        return tags.map((tag) => ({ ...descriptor, annotations: { [REF_NAME]: tag } }));
      },
    ),
  };
}

function savedImage({ root, names }: ExportedImage) {
  const image = loadable(root);
  if (image === undefined) return [];
  const { config, layers } = parseJsonAs(imageSchema, image.bytes, image.digest);
  if (config === undefined || !IMAGE_CONFIGS.has(config.mediaType)) return [];
  return [
    {
      Config: blobPath(config.digest),
      RepoTags: names.map(({ familiar }) => familiar),
      Layers: layers.map(({ digest }) => blobPath(digest)),
    },
  ];
}

/** The image of one platform. */
function loadable(root: ImageManifest): ImageManifest | undefined {
  if (!isIndexMediaType(root.mediaType)) return root;
  const { manifests } = parseJsonAs(indexSchema, root.bytes, root.digest);
  const entries = manifests
    .filter(({ platform }) => platform !== undefined && platform.os !== 'unknown')
    .toSorted((a, b) => rank(a.platform) - rank(b.platform));
  const digest = (entries[0] ?? manifests[0])?.digest;
  const child = root.children.find((one) => one.digest === digest);
  return child && loadable(child);
}

function rank(platform: Platform | undefined): number {
  const at = platform === undefined ? -1 : PREFERRED.indexOf(platformText(platform));
  return at === -1 ? PREFERRED.length : at;
}
