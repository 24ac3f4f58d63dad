import pLimit from 'p-limit';
import { rawGet } from './raw-get.ts';
import type { StaticBlob } from '../content/static-registry.ts';

/** What docker pulls at a time. */
const PARALLEL = 3;

export interface PulledImage {
  /** A path by tag. */
  readonly manifest: string;
  readonly blobs: readonly StaticBlob[];
}

/** Pulls an image as docker does: the manifest by tag, then the blobs, three at a time. Resolves with the milliseconds. */
export async function pullImage(port: number, { manifest, blobs }: PulledImage): Promise<number> {
  const began = performance.now();
  await rawGet(port, manifest);
  const limit = pLimit(PARALLEL);
  await Promise.all(blobs.map(({ path }) => limit(() => rawGet(port, path))));
  return performance.now() - began;
}
