import type { Digest } from '../oci/digest.ts';
import type { BlobRecord } from './metadata-store.ts';
import type { BlobKeeping } from './keep-blob.ts';

export interface BlobDamage {
  readonly digest: Digest;
  readonly hosted: boolean;
  readonly problem: string;
}

/** What is wrong with the bytes of a blob; undefined where nothing is. */
export type Inspection = (blob: BlobRecord) => Promise<string | undefined>;

/** `absent`: there is no such blob (any more). */
export type BlobState = 'intact' | 'absent' | 'damaged';

export interface DamagedBlobsOptions extends BlobKeeping {
  readonly onDamage: (damage: BlobDamage) => void;
}

/**
 * What becomes of damaged bytes, whoever finds them. Mirrored ones are dropped, to be fetched again when asked for.
 * Hosted ones cannot be fetched: they are set aside, and that they were lost is remembered until they are pushed again.
 */
export class DamagedBlobs {
  readonly #options: DamagedBlobsOptions;

  constructor(options: DamagedBlobsOptions) {
    this.#options = options;
  }

  /** Inspects the blob, alone with it, and deals with what is wrong. */
  inspect(digest: Digest, inspect: Inspection, at: number): Promise<BlobState> {
    const { metadata, blobs, locks, onDamage } = this.#options;
    return locks.run(digest, async () => {
      const record = await metadata.findHeldBlob(digest);
      if (record === undefined) return 'absent';
      const problem = await inspect(record);
      if (problem === undefined) return 'intact';
      const repositories = await metadata.listBlobRepositories(digest);
      const hosted = repositories.some(({ kind }) => kind === 'hosted');
      onDamage({ digest, hosted, problem });
      if (hosted) {
        await metadata.condemnBlob(digest, at);
        await blobs.setAside(digest);
      } else {
        await metadata.forgetBlob(digest);
        await blobs.delete(digest);
      }
      return 'damaged';
    });
  }

  /** Compares the size alone, which is cheap enough to do before each answer. */
  async inspectSize(blob: BlobRecord, at: number): Promise<BlobState> {
    if ((await this.#wrongSize(blob)) === undefined) return 'intact';
    // What was seen may have been an eviction or a fill: only what the lock shows counts.
    return this.inspect(blob.digest, (held) => this.#wrongSize(held), at);
  }

  async #wrongSize({ digest, size }: BlobRecord): Promise<string | undefined> {
    const stat = await this.#options.blobs.stat(digest);
    return stat?.size === size ? undefined : `it has ${stat?.size ?? 'no'} bytes, expected ${size}`;
  }
}
