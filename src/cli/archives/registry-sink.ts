import type { ImageBlob, ImageManifest } from '../../archive/image.ts';
import type { BlobOutcome, ImageSink } from '../../archive/push-images.ts';
import { verifiedBytes } from '../../archive/verified-content.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Tag } from '../../oci/reference.ts';
import type { RegistryClient } from '../../registry-client/registry-client.ts';
import { shortDigest } from '../image-words.ts';
import type { Progress } from '../progress.ts';

const OUTCOMES: Readonly<Record<BlobOutcome, string>> = {
  held: 'already there',
  mounted: 'linked from another repository there',
  sent: 'sent',
};

/** Pushes images to a registry and shows how far it is. */
export class RegistrySink implements ImageSink {
  readonly #client: RegistryClient;
  readonly #progress: Progress;
  /** Which repositories are known to hold a blob: those are mounted from. */
  readonly #holders = new Map<Digest, Set<string>>();
  readonly #outcomes = { held: 0, mounted: 0, sent: 0 };

  constructor(client: RegistryClient, progress: Progress) {
    this.#client = client;
    this.#progress = progress;
  }

  /** How many blobs went which way. */
  get outcomes(): Readonly<Record<BlobOutcome, number>> {
    return this.#outcomes;
  }

  /** Notes that the repository has got the blob. */
  note(repository: string, digest: Digest, outcome: BlobOutcome): void {
    const holders = this.#holders.get(digest) ?? new Set();
    this.#holders.set(digest, holders.add(repository));
    this.#outcomes[outcome] += 1;
  }

  async pushBlob(repository: string, blob: ImageBlob): Promise<BlobOutcome> {
    const { digest, size } = blob;
    const holders = this.#holders.get(digest);
    if (holders?.has(repository) === true) return 'held';
    const [from] = holders ?? [];
    const line = this.#progress.add(shortDigest(digest), size);
    let sent = 0;
    const onSent = (bytes: number): void => {
      sent += bytes;
      line.update(sent);
    };
    try {
      const outcome = await this.#client.pushBlob(
        repository,
        { digest, size, open: () => verifiedBytes(blob) },
        { onSent, ...(from !== undefined && { from }) },
      );
      this.note(repository, digest, outcome);
      line.end(OUTCOMES[outcome]);
      return outcome;
    } catch (error) {
      line.end('failed');
      throw error;
    }
  }

  /** One push for each tag: not every registry takes several at once. */
  async pushManifest(
    repository: string,
    manifest: ImageManifest,
    tags: readonly Tag[],
  ): Promise<void> {
    const references = tags.length === 0 ? [manifest.digest] : tags;
    for (const reference of references) {
      await this.#client.pushManifest(repository, reference, manifest);
    }
  }
}
