import { parseDigest } from './digest.ts';
import { parseTag, type Reference } from './reference.ts';

/** An image as people write it. */
export interface ImageName {
  /** The repository, still to be resolved: `alpine`, `ghcr.io/org/app`. */
  readonly name: string;
  /** Undefined where only a repository was written. */
  readonly reference: Reference | undefined;
}

/**
 * Reads `NAME`, `NAME:TAG`, `NAME@DIGEST`, and `NAME:TAG@DIGEST`, in which the digest counts as it does for docker. A colon before the
 * last slash belongs to a port. Undefined where the tag or the digest is none.
 */
export function parseImageName(text: string): ImageName | undefined {
  const [named = '', digestText, ...more] = text.trim().split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const name = colon === -1 ? named : named.slice(0, colon);
  const tag = colon === -1 ? undefined : parseTag(named.slice(colon + 1));
  const digest = digestText === undefined ? undefined : parseDigest(digestText);
  if (name === '' || more.length > 0) return undefined;
  if (colon !== -1 && tag === undefined) return undefined;
  if (digestText !== undefined && digest === undefined) return undefined;
  if (digest !== undefined) return { name, reference: { kind: 'digest', digest } };
  return { name, reference: tag === undefined ? undefined : { kind: 'tag', tag } };
}
