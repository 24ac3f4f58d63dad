/**
 * One image into the store, whole: the manifest, those of its platforms, configs and layers, by the engine's own fills. What is
 * held costs nothing, what a client is fetching is joined, and of a tag upstream is asked once.
 */
import type { LimitFunction } from 'p-limit';
import type { Digest } from '../oci/digest.ts';
import { chooseEntries, readIndexEntries } from '../oci/index-entries.ts';
import { parseManifest } from '../oci/manifest.ts';
import { isIndexMediaType } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import type { PullThrough } from '../pull-through/pull-through.ts';
import type { ManifestRecord, MetadataStore } from '../store/metadata-store.ts';

/** An index of indexes is allowed, and rare; one that names itself is not possible, one that goes deep is a trap. */
const MAX_DEPTH = 4;
/** Images of more parts than that are made to fill a disk. */
const MAX_PARTS = 10_000;
/** Often enough for a bar that moves. */
const PROGRESS_MS = 200;

export interface WarmImageOptions {
  readonly pullThrough: PullThrough;
  readonly metadata: MetadataStore;
  /** Blobs at a time, over all images. */
  readonly limit: LimitFunction;
  readonly repository: MirroredRepository;
  readonly reference: Reference;
  /** None: all that there are. */
  readonly platforms: readonly Platform[];
  readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void;
  readonly signal: AbortSignal;
}

export interface WarmedImage {
  readonly digest: Digest;
  /** Bytes of all its parts. */
  readonly total: number;
  /** What the tag has come to name upstream is too young; this is what it is served as. */
  readonly isHeldBack: boolean;
}

/** Upstream's pull limit is nearly used up; what is left is for clients. */
export class SavingLimitError extends Error {
  override readonly name = 'SavingLimitError';

  constructor(upstream: string) {
    super(`what is left of the pull limit of ${upstream} is kept for clients; try again later`);
  }
}

/** Rejects with what stands in the way, after what was under way is over. */
export async function warmImage(options: WarmImageOptions): Promise<WarmedImage> {
  const { root, isHeldBack } = await findRoot(options);
  const parts = await findParts(options, root);
  const total = sum(parts.manifests.values()) + sum(parts.blobs.values());
  await fetchBlobs(options, parts.blobs, total);
  return { digest: root.digest, total, isHeldBack };
}

interface Found {
  readonly manifest: ManifestRecord;
  /** The bytes, where they could not be kept. */
  readonly unkept?: Uint8Array;
}

async function findRoot(
  options: WarmImageOptions,
): Promise<{ readonly root: ManifestRecord; readonly isHeldBack: boolean }> {
  const { pullThrough, repository, reference } = options;
  if (reference.kind === 'digest') {
    const { manifest } = await ensureManifest(options, reference.digest);
    return { root: manifest, isHeldBack: false };
  }
  if (pullThrough.savesLimit(repository)) throw new SavingLimitError(repository.upstream);
  const { manifest, isHeldBack } = await pullThrough.refresh(repository, reference.tag);
  return { root: manifest, isHeldBack };
}

interface Parts {
  /** Sizes by digest. */
  readonly manifests: Map<Digest, number>;
  readonly blobs: Map<Digest, number>;
}

/** Reads the manifests, those of the platforms one after the other: they are small, and each one may be the last that the limit allows. */
async function findParts(options: WarmImageOptions, root: ManifestRecord): Promise<Parts> {
  const parts: Parts = { manifests: new Map(), blobs: new Map() };
  await visit(root.digest, 0);
  return parts;

  async function visit(digest: Digest, depth: number): Promise<void> {
    options.signal.throwIfAborted();
    if (parts.manifests.has(digest)) return;
    const found = await ensureManifest(options, digest);
    const content = found.unkept ?? (await options.metadata.readManifest(digest));
    if (!content) throw new Error(`manifest ${digest} vanished while the image was fetched`);
    const parsed = parseManifest(content, found.manifest.mediaType);
    if (!parsed.ok) throw new Error(`manifest ${digest}: ${parsed.problem}`);
    parts.manifests.set(digest, content.byteLength);
    if (parts.manifests.size + parts.blobs.size > MAX_PARTS) throw new Error('too many parts');
    if (!isIndexMediaType(parsed.manifest.mediaType)) {
      for (const { digest: blob, size } of parsed.manifest.descriptors) parts.blobs.set(blob, size);
      return;
    }
    if (depth >= MAX_DEPTH) throw new Error('its index lies too deep');
    for (const child of choose(content, options.platforms)) await visit(child, depth + 1);
  }
}

function choose(content: Uint8Array, platforms: readonly Platform[]): readonly Digest[] {
  const { chosen, missing } = chooseEntries(readIndexEntries(content), platforms);
  if (missing.length > 0) throw new Error(`there is no image for ${missing.join(', ')}`);
  return chosen.map(({ digest }) => digest);
}

async function ensureManifest(options: WarmImageOptions, digest: Digest): Promise<Found> {
  const { pullThrough, metadata, repository } = options;
  const held = await metadata.findManifest(repository, digest);
  if (!held && pullThrough.savesLimit(repository)) throw new SavingLimitError(repository.upstream);
  return pullThrough.ensureManifest(repository, digest);
}

/** All of them, also where one has failed: the next try has less to do. */
async function fetchBlobs(
  options: WarmImageOptions,
  blobs: ReadonlyMap<Digest, number>,
  total: number,
): Promise<void> {
  const { pullThrough, repository, limit, signal, onProgress } = options;
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
