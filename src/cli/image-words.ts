import type { Platform } from '../api/common.ts';

/** `linux/arm/v7` */
export function platformName({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== undefined).join('/');
}

/** Enough of a digest to tell it from others by eye: `sha256:0123456789ab`. */
export function shortDigest(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm}:${hex.slice(0, 12)}`;
}

/** How many signatures and the like came with an image; nothing where there are none. */
export function withReferrers(count: number): string {
  if (count === 0) return '';
  return count === 1 ? ', with 1 referrer' : `, with ${count} referrers`;
}
