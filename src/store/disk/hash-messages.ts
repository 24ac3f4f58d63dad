/** What the main thread and the hashing thread say to each other. */
import type { DigestAlgorithm } from '../../oci/digest.ts';

/** Answered in order, one answer each. Hashes are numbered by who asks. */
export type HashRequest =
  | { readonly kind: 'begin'; readonly hash: number; readonly algorithm: DigestAlgorithm }
  | { readonly kind: 'copy'; readonly hash: number; readonly copy: number }
  | { readonly kind: 'update'; readonly hash: number; readonly bytes: Uint8Array }
  | { readonly kind: 'digest'; readonly hash: number }
  | { readonly kind: 'end'; readonly hash: number };

export type HashAnswer = { readonly hex?: string } | { readonly failure: string };
