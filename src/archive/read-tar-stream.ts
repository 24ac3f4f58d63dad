import { digestAlgorithm, type Digest } from '../oci/digest.ts';
import { Archive } from './archive.ts';
import { ArchiveError, quoted } from './archive-error.ts';
import { digestOfPath } from './blob-paths.ts';
import { compressionOf } from './compression.ts';
import { type Content, type EntryContent, memoryContent } from './content.ts';
import { decompressed } from './decompress.ts';
import type { Depot } from './depot.ts';
import { linkTarget } from './entry-names.ts';
import { HashedBytes } from './hashed-bytes.ts';
import { MAX_HELD_BYTES, MAX_JSON_BYTES, MAX_TRAILER_BYTES } from './limits.ts';
import { withHead } from './peek.ts';
import { tarEntries } from './tar-entries.ts';
import { TarStreamInput } from './tar-stream-input.ts';

/** Where the next entry goes that is too large for memory, by what has been read so far. */
export type DepotFor = (archive: Archive) => Promise<Depot>;

/**
 * Reads a tar, also a compressed one, that comes by once. Small entries are held in memory, the others go to the depot
 * as they arrive. What is named by its digest is checked against it.
 */
export async function readTarStream(
  source: AsyncIterable<Uint8Array>,
  depotFor: DepotFor,
): Promise<Archive> {
  const { head, bytes } = await withHead(source);
  const input = new TarStreamInput(decompressed(bytes, compressionOf(head)));
  const archive = new Archive();
  const room = { left: MAX_HELD_BYTES };
  try {
    for await (const { name, type, size, linkName } of tarEntries(input)) {
      if (type === 'file') {
        const isSmall = fitsMemory(name, size, room.left);
        if (isSmall) room.left -= size;
        const depot = isSmall ? MEMORY : await depotFor(archive);
        archive.addFile(name, await keep(name, input.body(size), depot));
      } else if (type !== 'directory') archive.addLink(name, linkTarget(name, linkName, type));
    }
    // A compressed stream tells of its damage at its very end, and who writes into a pipe wants to get rid of all.
    await input.drain(MAX_TRAILER_BYTES);
  } finally {
    await input.close();
  }
  return archive;
}

/** Layers go to where they belong at once, also small ones: nothing in them has to be read here. */
function fitsMemory(name: string, size: number, room: number): boolean {
  return size <= MAX_JSON_BYTES && size <= room && !name.endsWith('.tar');
}

const MEMORY: Depot = {
  keep: async (bytes) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) chunks.push(chunk.slice());
    return memoryContent(Buffer.concat(chunks));
  },
};

async function keep(
  name: string,
  body: AsyncIterable<Uint8Array>,
  depot: Depot,
): Promise<EntryContent> {
  const promised = digestOfPath(name);
  const bytes = new HashedBytes(body, promised && digestAlgorithm(promised));
  const content: Content = await depot.keep(bytes, promised);
  requireDigest(name, promised, bytes.digest);
  const head = Promise.resolve(bytes.head);
  return {
    size: bytes.size,
    digest: bytes.digest,
    head: () => head,
    open: () => content.open(),
  };
}

function requireDigest(name: string, promised: Digest | undefined, actual: Digest): void {
  if (promised === undefined || promised === actual) return;
  throw new ArchiveError(`the content of ${quoted(name)} has the digest ${actual}`);
}
