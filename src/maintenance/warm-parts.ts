/**
 * What an image is made of, and how it comes into the store: by the engine's own fills. What is held costs nothing, and what
 * a client is fetching is joined.
 */
import type { LimitFunction } from 'p-limit';
import type { Digest } from '../oci/digest.ts';
import { chooseEntries, readIndexEntries } from '../oci/index-entries.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isIndexMediaType } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import type { PullThrough } from '../pull-through/pull-through.ts';
import type { ManifestRecord, MetadataStore } from '../store/metadata-store.ts';

/** An index of indexes is allowed, and rare; one that names itself is not possible, one that goes deep is a trap. */
const MAX_DEPTH = 4;
/** Images of more parts than that are made to fill a disk. */
const MAX_PARTS = 10_000;
/** Often enough for a bar that moves. */
const PROGRESS_MS = 200;

export interface WarmSource {
  readonly pullThrough: PullThrough;
  readonly metadata: MetadataStore;
  /** Blobs at a time, over all images. */
  readonly limit: LimitFunction;
  readonly repository: MirroredRepository;
  readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal: AbortSignal;
}

/** Sizes by digest. */
export interface Parts {
  readonly manifests: Map<Digest, number>;
  readonly blobs: Map<Digest, number>;
  /** Those of the manifests that are an image or an index, the outermost first: none that attests another one. */
  readonly images: Set<Digest>;
}

/** Upstream's pull limit is nearly used up; what is left is for clients. */
export class SavingLimitError extends Error {
  override readonly name = 'SavingLimitError';

  constructor(upstream: string) {
    super(`what is left of the pull limit of ${upstream} is kept for clients; try again later`);
  }
}

/** Throws a SavingLimitError where upstream should not be asked now. */
export function requireLimit({ pullThrough, repository }: WarmSource): void {
  if (pullThrough.savesLimit(repository)) throw new SavingLimitError(repository.upstream);
}

export function noParts(): Parts {
  return { manifests: new Map(), blobs: new Map(), images: new Set() };
}

/** Bytes of them all. */
export function sizeOf({ manifests, blobs }: Parts): number {
  return sum(manifests.values()) + sum(blobs.values());
}

/**
 * Fetches the manifest and those that it names for the platforms (none: all that there are), and adds what is found to `parts`.
 * One after the other: they are small, and each one may be the last that the limit allows.
 */
export async function addParts(
  source: WarmSource,
  root: Digest,
  platforms: readonly Platform[],
  parts: Parts,
): Promise<void> {
  await visit(root, 0);

  async function visit(digest: Digest, depth: number, isImage = true): Promise<void> {
    source.signal.throwIfAborted();
    if (parts.manifests.has(digest)) return;
    const found = await ensureManifest(source, digest);
    const content = found.unkept ?? (await source.metadata.readManifest(digest));
    if (!content) throw new Error(`manifest ${digest} vanished while the image was fetched`);
    const parsed = parseManifest(content, found.manifest.mediaType);
    if (!parsed.ok) throw new Error(`manifest ${digest}: ${parsed.problem}`);
    parts.manifests.set(digest, content.byteLength);
    if (isImage) parts.images.add(digest);
    if (parts.manifests.size + parts.blobs.size > MAX_PARTS) throw new Error('too many parts');
    if (!isIndexMediaType(parsed.manifest.mediaType)) {
      for (const { digest: blob, size } of parsed.manifest.descriptors) parts.blobs.set(blob, size);
      return;
    }
    if (depth >= MAX_DEPTH) throw new Error('its index lies too deep');
    const { chosen, missing } = chooseEntries(readIndexEntries(content), platforms);
    if (missing.length > 0) throw new Error(`there is no image for ${missing.join(', ')}`);
    for (const { digest: child, attests } of chosen) {
      await visit(child, depth + 1, attests === undefined);
    }
  }
}

interface Found {
  readonly manifest: ManifestRecord;
  /** The bytes, where they could not be kept. */
  readonly unkept?: Uint8Array;
}

export async function ensureManifest(source: WarmSource, digest: Digest): Promise<Found> {
  const { pullThrough, metadata, repository } = source;
  if (!(await metadata.findManifest(repository, digest))) requireLimit(source);
  return pullThrough.ensureManifest(repository, digest);
}

/** All of them, also where one has failed: the next try has less to do. `total`: bytes, with what is here already. */
export async function fetchBlobs(
  { pullThrough, repository, limit, signal, onProgress }: WarmSource,
  { blobs }: Parts,
  total: number,
): Promise<void> {
  const waiting = new Map(blobs);
  const report = (): void => {
    const missing = [...waiting].map(([digest, size]) => size - pullThrough.written(digest));
    onProgress({ done: Math.max(0, total - sum(missing)), total });
  };
  report();
  const timer = setInterval(report, PROGRESS_MS);
  const fetching = Array.from(blobs.keys(), (digest) =>
    limit(async () => {
      signal.throwIfAborted();
      await pullThrough.ensureBlob(repository, digest);
      waiting.delete(digest);
    }),
  );
  try {
    const failed = (await Promise.allSettled(fetching)).find(({ status }) => status === 'rejected');
    report();
    if (failed?.status === 'rejected') throw failed.reason;
  } finally {
    clearInterval(timer);
  }
}

function sum(sizes: Iterable<number>): number {
  let total = 0;
  for (const size of sizes) total += size;
  return total;
}
