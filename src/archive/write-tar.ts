/** Writes a tar whose bytes depend on nothing but the names and contents: no times, no owners, fixed modes. */
import { Header } from 'tar';
import type { Content } from './content.ts';
import { BLOCK_BYTES, padded } from './tar-entries.ts';

export type TarMember =
  | { readonly type: 'folder'; readonly name: string }
  | { readonly type: 'file'; readonly name: string; readonly content: Content };

/** The epoch, as Docker and skopeo write it. */
const MTIME = new Date(0);

/** @throws Error where a content has not as many bytes as it told */
export async function* writeTar(members: Iterable<TarMember>): AsyncGenerator<Uint8Array> {
  for (const member of members) {
    yield header(member);
    if (member.type === 'folder') continue;
    const { name, content } = member;
    let written = 0;
    for await (const chunk of content.open()) {
      written += chunk.byteLength;
      if (written > content.size) break;
      yield chunk;
    }
    if (written !== content.size) {
      throw new Error(`${name} should have ${content.size} bytes and has ${written}`);
    }
    yield Buffer.alloc(padded(written) - written);
  }
  // POSIX: two blocks of zeros end it.
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

function header(member: TarMember): Buffer {
  const isFolder = member.type === 'folder';
  const block = Buffer.alloc(BLOCK_BYTES);
  // Sizes beyond octal are written in base 256, which all readers of today know; names are never long.
  new Header({
    path: isFolder ? `${member.name}/` : member.name,
    type: isFolder ? 'Directory' : 'File',
    mode: isFolder ? 0o755 : 0o644,
    size: isFolder ? 0 : member.content.size,
    mtime: MTIME,
    uid: 0,
    gid: 0,
  }).encode(block);
  return block;
}
