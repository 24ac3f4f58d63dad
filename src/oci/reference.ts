import { type Digest, parseDigest } from './digest.ts';

declare const tagBrand: unique symbol;

/** A tag that satisfies the spec's grammar: at most 128 characters, never a colon. */
export type Tag = string & { readonly [tagBrand]: true };

/** What a manifest is asked for by: `<tag-or-digest>` in the spec. */
export type Reference =
  | { readonly kind: 'tag'; readonly tag: Tag }
  | { readonly kind: 'digest'; readonly digest: Digest };

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

export function parseTag(text: string): Tag | undefined {
  return TAG.test(text) ? (text as Tag) : undefined;
}

/** The reference that `text` spells, or undefined where it is neither a tag nor a digest. */
export function parseReference(text: string): Reference | undefined {
  const tag = parseTag(text);
  if (tag !== undefined) return { kind: 'tag', tag };
  const digest = parseDigest(text);
  return digest === undefined ? undefined : { kind: 'digest', digest };
}

export function referenceText(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest;
}
