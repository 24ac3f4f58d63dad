/**
 * Digests: `algorithm:encoded` (distribution-spec and image-spec, "Digests").
 * Only the two registered algorithms are accepted, in their one canonical spelling, so a digest is
 * also a safe file name: nothing but `sha256` or `sha512` and lower-case hex ever gets past here.
 */
import { createHash, type Hash } from 'node:crypto';

declare const digestBrand: unique symbol;

/** A digest that has been validated: `sha256:<64 lower hex>` or `sha512:<128 lower hex>`. */
export type Digest = string & { readonly [digestBrand]: true };

export type DigestAlgorithm = 'sha256' | 'sha512';

const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

/** The digest that `text` spells, or undefined where it is malformed or of an unregistered algorithm. */
export function parseDigest(text: string): Digest | undefined {
  return DIGEST.test(text) ? (text as Digest) : undefined;
}

export function parseDigestAlgorithm(text: string): DigestAlgorithm | undefined {
  return text === 'sha256' || text === 'sha512' ? text : undefined;
}

export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512';
}

export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

export function digestOf(content: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return finishDigest(createHash(algorithm).update(content), algorithm);
}

/** Ends `hash` and names its result. The hash cannot be used again. */
export function finishDigest(hash: Hash, algorithm: DigestAlgorithm): Digest {
  return namedDigest(algorithm, hash.digest('hex'));
}

/** `hex`: what a hash of the algorithm gave, in lower case. */
export function namedDigest(algorithm: DigestAlgorithm, hex: string): Digest {
  return `${algorithm}:${hex}` as Digest;
}
