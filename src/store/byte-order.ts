import { displayName, type Repository } from '../oci/repository.ts';

/** Byte order, for `toSorted`. Names, tags and digests are ASCII, where it is the order of JavaScript's strings. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** By display name; of two that share one, the hosted repository comes first. */
export function compareRepositories(a: Repository, b: Repository): number {
  return compareBytes(displayName(a), displayName(b)) || compareBytes(a.kind, b.kind);
}
