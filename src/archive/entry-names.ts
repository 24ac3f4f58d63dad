import { posix } from 'node:path';
import { ArchiveError, quoted } from './archive-error.ts';
import { MAX_NAME_BYTES } from './limits.ts';

/**
 * The one spelling of an entry's name: no leading `./`, no trailing or doubled slash; `` is the root itself.
 *
 * Nothing is ever written to a place that an entry names. Names that would lead out of a tree are refused all the same:
 * no tool writes them, so whoever made this archive means harm.
 *
 * @throws ArchiveError for absolute names, `..`, NUL, and names without end
 */
export function entryName(raw: string): string {
  if (raw.includes('\0') || Buffer.byteLength(raw) > MAX_NAME_BYTES) {
    throw new ArchiveError(`an entry has a name that no file can have: ${quoted(raw)}`);
  }
  if (raw.startsWith('/')) throw new ArchiveError(`an entry has an absolute name: ${quoted(raw)}`);
  const parts = raw.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    throw new ArchiveError(`an entry's name leads out of the archive: ${quoted(raw)}`);
  }
  return parts.join('/');
}

/**
 * The name that a link leads to: of a symbolic link seen from its own folder, of a hard link from the root.
 *
 * @throws ArchiveError where it leads out of the archive
 */
export function linkTarget(name: string, target: string, type: 'link' | 'symlink'): string {
  if (type === 'link') return entryName(target);
  const path = posix.join(posix.dirname(name), target);
  if (target.startsWith('/') || target.includes('\0') || path === '..' || path.startsWith('../')) {
    throw new ArchiveError(
      `the link ${quoted(name)} leads out of the archive, to ${quoted(target)}`,
    );
  }
  return entryName(path);
}
