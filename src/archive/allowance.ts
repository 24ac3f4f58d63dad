import { ArchiveError } from './archive-error.ts';
import { MAX_ALL_JSON_BYTES, MAX_ALL_LAYERS } from './limits.ts';

/** How much the images of one archive may still have together. */
export class Allowance {
  #layers = MAX_ALL_LAYERS;
  #jsonBytes = MAX_ALL_JSON_BYTES;

  /** @throws ArchiveError where there is not that much left */
  take({ layers, jsonBytes }: { readonly layers: number; readonly jsonBytes: number }): void {
    this.#layers -= layers;
    this.#jsonBytes -= jsonBytes;
    if (this.#layers < 0) {
      throw new ArchiveError(`the images have more than ${MAX_ALL_LAYERS} layers together`);
    }
    if (this.#jsonBytes < 0) {
      throw new ArchiveError(
        `the images have more than ${MAX_ALL_JSON_BYTES} bytes of JSON together`,
      );
    }
  }
}
