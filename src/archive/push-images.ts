import type { RepositoryName } from '../oci/repository-name.ts';
import { blobsOf, type ImageBlob, type ImageManifest, manifestsOf } from './image.ts';
import type { Destination, PlacedImage } from './image-names.ts';

/** How a blob came to be where it should be: it was there, was linked from another repository, or was sent. */
export type BlobOutcome = 'held' | 'mounted' | 'sent';

/** Port: where images go. */
export interface ImageSink {
  /** Resolves when the repository holds the blob. Its content is checked on the way. */
  pushBlob(repository: RepositoryName, blob: ImageBlob): Promise<BlobOutcome>;
  /** Resolves when the repository holds the exact bytes, under the tag if there is one. */
  pushManifest(
    repository: RepositoryName,
    manifest: ImageManifest,
    tag: Destination['tag'] | undefined,
  ): Promise<void>;
}

/** As many blobs are on their way at a time: what Docker sends, give or take. */
const PARALLEL = 3;

/**
 * Pushes images: blobs first, then manifests by digest, and when all of that has gone well for all images, their tags.
 * What fails in between has tagged nothing.
 */
export async function pushImages(placed: readonly PlacedImage[], sink: ImageSink): Promise<void> {
  for (const { image, destinations } of placed) {
    for (const repository of new Set(destinations.map((one) => one.repository))) {
      await eachOf(blobsOf(image.root), (blob) => sink.pushBlob(repository, blob));
      for (const manifest of manifestsOf(image.root)) {
        if (manifest !== image.root) await sink.pushManifest(repository, manifest, undefined);
      }
    }
  }
  for (const { image, destinations } of placed) {
    for (const { repository, tag } of destinations) {
      await sink.pushManifest(repository, image.root, tag);
    }
  }
}

/** Does the work for each, some at a time. After a failure nothing new is begun, and it is told when all have ended. */
async function eachOf<One>(
  all: readonly One[],
  work: (one: One) => Promise<unknown>,
): Promise<void> {
  const left = [...all];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      try {
        await work(next);
      } catch (error) {
        left.length = 0;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: PARALLEL }, worker));
  const failed = ended.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
}
