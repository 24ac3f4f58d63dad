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

/**
 * Pushes images: blobs first, then manifests by digest, and when all of that has gone well for all images, their tags.
 * What fails in between has tagged nothing.
 */
export async function pushImages(placed: readonly PlacedImage[], sink: ImageSink): Promise<void> {
  for (const { image, destinations } of placed) {
    for (const repository of new Set(destinations.map((one) => one.repository))) {
      for (const blob of blobsOf(image.root)) await sink.pushBlob(repository, blob);
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
