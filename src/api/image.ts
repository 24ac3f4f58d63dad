import * as z from 'zod';
import { bytes, imageText, platform, repositoryKind, time } from './common.ts';

/** `GET /api/v1/image?image=` and `DELETE /api/v1/image?image=` */
export const imageQuery = z.object({ image: imageText });
export type ImageQuery = z.infer<typeof imageQuery>;

const annotations = z.record(z.string(), z.string());

export const imageBlob = z.object({
  digest: z.string(),
  size: bytes,
  /** For this repository; another one may hold it all the same. */
  held: z.boolean(),
});
export type ImageBlob = z.infer<typeof imageBlob>;

export const imageLayer = imageBlob.extend({ mediaType: z.string() });
export type ImageLayer = z.infer<typeof imageLayer>;

/** One image of an index, or the image itself where there is no index. */
export const imagePlatform = platform.extend({
  /** `unknown` where nobody can tell, as BuildKit says of attestations. */
  os: z.string(),
  architecture: z.string(),
  digest: z.string(),
  /** The manifest is held; where it is not, nothing is known of config and layers. */
  held: z.boolean(),
  /** Manifest, config and layers, held or not; of the manifest alone where that is not held. */
  size: bytes,
  config: imageBlob.nullable(),
  layers: z.array(imageLayer),
  /** When it was built, in the config's own words (RFC 3339). */
  created: z.string().optional(),
  labels: annotations.optional(),
  /** The digest of the image that this one attests (BuildKit's provenance and SBOM manifests). */
  attests: z.string().optional(),
});
export type ImagePlatform = z.infer<typeof imagePlatform>;

export const imageReferrer = z.object({
  digest: z.string(),
  artifactType: z.string().nullable(),
  size: bytes,
});
export type ImageReferrer = z.infer<typeof imageReferrer>;

export const imageAnswer = z.object({
  /** The repository's, as listings show it. */
  name: z.string(),
  tag: z.string().nullable(),
  digest: z.string(),
  kind: repositoryKind,
  mediaType: z.string(),
  manifestBytes: bytes,
  annotations,
  artifactType: z.string().nullable(),
  /** Of the tag where one was asked for, else of the manifest. */
  cachedAt: time,
  checkedAt: time.nullable(),
  staleAt: time.nullable(),
  usedAt: time.nullable(),
  /** Every tag of the repository that names this digest, up to a hundred. */
  tags: z.array(z.string()),
  pinned: z.boolean(),
  /** Globs among them are told to administrators alone: they may name what is not for others. */
  pinnedBy: z.array(z.object({ pattern: z.string(), configured: z.boolean() })),
  /** Up to two hundred, and ten thousand layers of them together. */
  platforms: z.array(imagePlatform),
  /** Those that are held: signatures, attestations, SBOMs. */
  referrers: z.array(imageReferrer),
});
export type ImageAnswer = z.infer<typeof imageAnswer>;

/** What `DELETE` did: a tag goes alone, a digest goes with every tag that names it. */
export const deleteImageAnswer = z.object({
  /** `NAME:TAG` or `NAME@DIGEST`. */
  deleted: z.array(z.string()),
  /** Its blobs take their room until collection or eviction finds them (`POST /api/v1/gc`). */
  freedLater: z.boolean(),
});
export type DeleteImageAnswer = z.infer<typeof deleteImageAnswer>;

/** `POST /api/v1/refresh` */
export const refreshRequest = z.object({
  image: imageText,
  /** Takes over what is younger than `tags.minAge`, too. */
  force: z.boolean().optional(),
});
export type RefreshRequest = z.infer<typeof refreshRequest>;

export const refreshAnswer = z.object({
  image: z.string(),
  /** Null where nothing was held. */
  before: z.string().nullable(),
  after: z.string(),
  changed: z.boolean(),
  /** The tag names something younger than `tags.minAge` now; `after` is what it is served as meanwhile. */
  heldBack: z.boolean().default(false),
});
export type RefreshAnswer = z.infer<typeof refreshAnswer>;
