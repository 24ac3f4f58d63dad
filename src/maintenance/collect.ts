/**
 * Collects hosted content that nobody refers to: pushed blobs whose manifest never came or was deleted. Online, beside
 * pushes: what was pushed, mounted or asked about lately is left alone, and a removal is one step for everybody else.
 *
 * Manifests stay, tagged or not: a push by digest is as good as any.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Digest } from '../oci/digest.ts';
import type { BlobKeeping } from '../store/keep-blob.ts';
import type { CollectedLinks } from '../store/upkeep-records.ts';
import { removeUnneededBlobs } from './remove-blob.ts';

/** Rows of one step: about a millisecond, during which no request is answered. */
const BATCH = 200;

export interface CollectOptions extends BlobKeeping {
  readonly clock: Clock;
  /**
   * How long a blob waits for its manifest, ms. A client pushes all blobs first, for as long as an upload session may
   * take, so less than that would break slow pushes.
   */
  readonly grace: number;
  /** Writes down the uses that are only known in memory: a blob that a client has just asked about will be named next. */
  readonly flushUses: () => Promise<void>;
}

export interface Collected {
  /** Blobs that a repository no longer refers to. */
  readonly links: number;
  /** Blobs that no repository refers to any more, and their bytes. */
  readonly blobs: number;
  readonly bytes: number;
}

export async function collect(options: CollectOptions, signal?: AbortSignal): Promise<Collected> {
  const links = await collectLinks(options, signal);
  return { links, ...(await collectBlobs(options, signal)) };
}

async function collectLinks(options: CollectOptions, signal?: AbortSignal): Promise<number> {
  const { metadata, clock, grace, flushUses } = options;
  const before = clock.now() - grace;
  let links = 0;
  let after: CollectedLinks['next'];
  do {
    // Each time: clients go on asking while the collection is under way.
    await flushUses();
    const page: CollectedLinks = await metadata.collectLinks({ before, after, limit: BATCH });
    links += page.unlinked.length;
    after = page.next;
    signal?.throwIfAborted();
    await nextTurn();
  } while (after !== undefined);
  return links;
}

/** Deleted blobs too: a DELETE is seen at once, and leaves the bytes to this. */
async function collectBlobs(
  options: CollectOptions,
  signal?: AbortSignal,
): Promise<{ blobs: number; bytes: number }> {
  let [blobs, bytes] = [0, 0];
  let after: Digest | undefined;
  for (;;) {
    const page = await options.metadata.listHeldBlobs({ after, limit: BATCH });
    const unlinked = page.filter(({ linked }) => !linked);
    for (const { size } of await removeUnneededBlobs(options, unlinked)) {
      blobs += 1;
      bytes += size;
    }
    after = page.at(-1)?.digest;
    if (after === undefined) return { blobs, bytes };
    signal?.throwIfAborted();
    await nextTurn();
  }
}
