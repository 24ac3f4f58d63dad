/**
 * Reads a tar header by header, for input that can seek and for input that cannot. Header blocks are decoded by the
 * `tar` package; what is believed of them, and how much, is decided here, and follows Go's archive/tar, which is what
 * wrote most of them and what the other side reads them with.
 */
import { Header, Pax } from 'tar';
import { ArchiveError, quoted } from './archive-error.ts';
import { entryName } from './entry-names.ts';
import { MAX_EXTENDED_HEADER_BYTES } from './limits.ts';

export const BLOCK_BYTES = 512;

/** Where a tar is read from. */
export interface TarInput {
  /** Bytes from the beginning. */
  readonly position: number;
  /** The next `size` bytes; fewer only where the input ends. */
  read(size: number): Promise<Buffer>;
  /** Goes on at `position`, which is never behind the present one. @throws ArchiveError where the input ends before it */
  skipTo(position: number): Promise<void>;
}

export interface TarEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'link' | 'symlink';
  /** Bytes of the body; 0 for all but files. */
  readonly size: number;
  /** As it is written; empty for what is no link. */
  readonly linkName: string;
}

/** What headers that go before an entry say of it. */
interface Extended {
  readonly path?: string;
  readonly linkpath?: string;
  readonly size?: number;
}

const TYPES: ReadonlyMap<string, TarEntry['type']> = new Map<string, TarEntry['type']>([
  ['File', 'file'],
  ['OldFile', 'file'],
  ['ContiguousFile', 'file'],
  ['Directory', 'directory'],
  ['Link', 'link'],
  ['SymbolicLink', 'symlink'],
]);

type ReadExtended = (text: string) => Extended;

const EXTENSIONS: ReadonlyMap<string, ReadExtended> = new Map<string, ReadExtended>([
  ['ExtendedHeader', paxFields],
  ['OldExtendedHeader', paxFields],
  ['NextFileHasLongPath', (text) => ({ path: longName(text) })],
  ['NextFileHasLongLinkpath', (text) => ({ linkpath: longName(text) })],
  // Comments, as git writes them. Nothing of it is applied to entries, as Go does not.
  ['GlobalExtendedHeader', () => ({})],
]);

/**
 * The entries in their order. While one is in hand its body is what comes next in `input`; what is not read of it is
 * passed over.
 *
 * @throws ArchiveError where it is no tar, damaged, cut short, or has what no image archive has
 */
export async function* tarEntries(input: TarInput): AsyncGenerator<TarEntry> {
  let extended: Extended = {};
  for (;;) {
    const block = await input.read(BLOCK_BYTES);
    if (block.byteLength === 0 || block.every((byte) => byte === 0)) return;
    if (block.byteLength < BLOCK_BYTES) throw new ArchiveError('the archive is cut short');
    const header = decode(block, input.position);
    const size = extended.size ?? header.size;
    const meaning = EXTENSIONS.get(header.type);
    if (meaning !== undefined) {
      extended = { ...extended, ...meaning(await readExtension(input, header)) };
      continue;
    }
    const entry = toEntry(header, extended, size);
    extended = {};
    const next = input.position + padded(entry.size);
    yield entry;
    await input.skipTo(next);
  }
}

/** A body and what fills its last block. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

function decode(block: Buffer, position: number): Header {
  let header: Header;
  try {
    header = new Header(block);
  } catch (error) {
    throw new ArchiveError('a header of the archive is damaged', { cause: error });
  }
  if (header.cksumValid) return header;
  throw new ArchiveError(
    position === BLOCK_BYTES
      ? 'this is no tar archive'
      : `the header at byte ${position - BLOCK_BYTES} of the archive is damaged`,
  );
}

async function readExtension(input: TarInput, { size }: Header): Promise<string> {
  if (size === undefined || size > MAX_EXTENDED_HEADER_BYTES) {
    throw new ArchiveError('the archive has an extended header without end');
  }
  const end = input.position + padded(size);
  const body = await input.read(size);
  await input.skipTo(end);
  return body.toString();
}

function paxFields(text: string): Extended {
  const { path, linkpath, size } = Pax.parse(text);
  return {
    ...(path !== undefined && { path }),
    ...(linkpath !== undefined && { linkpath }),
    ...(size !== undefined && { size }),
  };
}

function longName(text: string): string {
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}

function toEntry(header: Header, extended: Extended, size: number | undefined): TarEntry {
  const raw = extended.path ?? header.path ?? '';
  const name = entryName(raw);
  const linkName = extended.linkpath ?? header.linkpath ?? '';
  const type = TYPES.get(header.type);
  if (type === undefined) {
    throw new ArchiveError(
      `the entry ${quoted(name)} is neither a file nor a folder nor a link (${header.type})`,
    );
  }
  // Only files have a body, whatever the header says.
  if (type !== 'file') return { name, type, size: 0, linkName };
  if (size === undefined || !Number.isSafeInteger(size)) {
    throw new ArchiveError(`the entry ${quoted(name)} has no size`);
  }
  return { name, type, size, linkName };
}
