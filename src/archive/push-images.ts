import type { Tag } from '../oci/reference.ts';
import { blobsOf, type ImageBlob, type ImageManifest, manifestsOf } from './image.ts';
import type { Destination, PlacedImage } from './image-names.ts';

/** How a blob came to be where it should be: it was there, was linked from another repository, or was sent. */
export type BlobOutcome = 'held' | 'mounted' | 'sent';

/** Port: where images go. */
export interface ImageSink {
  /** Resolves when the repository holds the blob. Its content is checked on the way. */
  pushBlob(repository: string, blob: ImageBlob): Promise<BlobOutcome>;
  /** Resolves when the repository holds the exact bytes, under its digest and all of the tags. */
  pushManifest(repository: string, manifest: ImageManifest, tags: readonly Tag[]): Promise<void>;
}

/** As many blobs are on their way at a time: what Docker sends, give or take. */
const PARALLEL = 3;

/**
 * Pushes images with what refers to them: blobs first, then manifests by digest, and when all of that has gone well for all
 * images, their tags. What fails in between has tagged nothing.
 */
export async function pushImages(placed: readonly PlacedImage[], sink: ImageSink): Promise<void> {
  for (const { image, destinations } of placed) {
    for (const repository of tagsByRepository(destinations).keys()) {
      await pushParts(sink, repository, image.root);
      for (const { root, tags } of image.referrers) {
        await pushParts(sink, repository, root);
        if (tags.length === 0) await sink.pushManifest(repository, root, []);
      }
    }
  }
  for (const { image, destinations } of placed) {
    for (const [repository, tags] of tagsByRepository(destinations)) {
      await sink.pushManifest(repository, image.root, [...tags]);
      for (const referrer of image.referrers) {
        if (referrer.tags.length === 0) continue;
        await sink.pushManifest(repository, referrer.root, referrer.tags);
      }
    }
  }
}

/** All that the manifest needs, itself apart. */
async function pushParts(sink: ImageSink, repository: string, root: ImageManifest): Promise<void> {
  await eachOf(blobsOf(root), (blob) => sink.pushBlob(repository, blob));
  for (const manifest of manifestsOf(root)) {
    if (manifest !== root) await sink.pushManifest(repository, manifest, []);
  }
}

function tagsByRepository(
  destinations: readonly Destination[],
): ReadonlyMap<string, ReadonlySet<Tag>> {
  const tags = new Map<string, Set<Tag>>();
  for (const { repository, tag } of destinations) {
    tags.set(repository, (tags.get(repository) ?? new Set()).add(tag));
  }
  return tags;
}

/** Does the work for each, some at a time. After a failure nothing new is begun, and it is told when all have ended. */
async function eachOf<One>(
  all: readonly One[],
  work: (one: One) => Promise<unknown>,
): Promise<void> {
  const left = all.values();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    // All of them take from the same iterator.
    for (const next of left) {
      if (hasFailed) return;
      try {
        await work(next);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: PARALLEL }, worker));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}
