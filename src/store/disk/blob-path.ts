/**
 * Where the disk store keeps what:
 *
 *     <dir>/
 *       blobs/                          committed: complete, verified, synced, never written to again
 *         sha256/
 *           9f/                         the first two hex digits
 *             9f86d081884c7d65…         the whole hex; the file's content is the blob, nothing else
 *         sha512/…
 *       unfinished/
 *         <writer id>.part              what a writer has so far; renamed into blobs/ on commit
 *       damaged/
 *         sha256-9f86d0…                set aside: found not to be what its name says
 *
 * Both sides lie in one file system, so a rename publishes a blob whole or not at all. Paths come from
 * validated digests and writer ids alone: nothing that a client sends reaches the file system otherwise.
 */
import { join, relative } from 'node:path';
import {
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  digestHex,
  parseDigest,
} from '../../oci/digest.ts';
import type { WriterId } from '../blob-store.ts';

export const BLOB_ALGORITHMS: readonly DigestAlgorithm[] = ['sha256', 'sha512'];

const PART = '.part';
const WRITER_ID = /^[a-z0-9-]{1,200}$/;

export function blobsDirectory(dir: string): string {
  return join(dir, 'blobs');
}

export function algorithmDirectory(dir: string, algorithm: DigestAlgorithm): string {
  return join(dir, 'blobs', algorithm);
}

export function unfinishedDirectory(dir: string): string {
  return join(dir, 'unfinished');
}

export function damagedDirectory(dir: string): string {
  return join(dir, 'damaged');
}

export function damagedPath(dir: string, digest: Digest): string {
  return join(damagedDirectory(dir), `${digestAlgorithm(digest)}-${digestHex(digest)}`);
}

export function shardDirectory(dir: string, digest: Digest): string {
  return join(algorithmDirectory(dir, digestAlgorithm(digest)), digestHex(digest).slice(0, 2));
}

export function blobPath(dir: string, digest: Digest): string {
  return join(shardDirectory(dir, digest), digestHex(digest));
}

/** As `blobPath`, from the folder of all blobs on. */
export function pathBelowBlobs(digest: Digest): string {
  return relative(blobsDirectory('/'), blobPath('/', digest));
}

/** The digest that a file in `blobs/<algorithm>/…` is named after; undefined for a file that is not ours. */
export function digestOfFile(algorithm: DigestAlgorithm, fileName: string): Digest | undefined {
  return parseDigest(`${algorithm}:${fileName}`);
}

/** Throws a TypeError where `id` is not a writer id: it would become part of a path. */
export function requireWriterId(id: WriterId): void {
  if (!WRITER_ID.test(id)) throw new TypeError(`${JSON.stringify(id)} is not a writer id`);
}

/** Throws a TypeError as `requireWriterId` does. */
export function unfinishedPath(dir: string, id: WriterId): string {
  requireWriterId(id);
  return join(unfinishedDirectory(dir), id + PART);
}

/** The writer id of a file in `unfinished/`; undefined for a file that is not ours. */
export function writerIdOfFile(fileName: string): WriterId | undefined {
  if (!fileName.endsWith(PART)) return undefined;
  const id = fileName.slice(0, -PART.length);
  return WRITER_ID.test(id) ? id : undefined;
}
