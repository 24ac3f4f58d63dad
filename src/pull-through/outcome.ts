/** How an answer came about, in the words of RFC 9211 and RFC 5861. */
export type Outcome =
  | { readonly kind: 'hit' }
  /** `collapsed`: joined a fetch that was under way for somebody else. */
  | { readonly kind: 'miss'; readonly collapsed: boolean }
  | { readonly kind: 'revalidated'; readonly collapsed: boolean }
  | { readonly kind: 'updated'; readonly collapsed: boolean }
  /** `age`: ms since it stopped being fresh. */
  | { readonly kind: 'stale-if-error'; readonly age: number }
  | { readonly kind: 'stale-while-revalidate'; readonly age: number }
  /** Upstream was not asked, to save what is left of its pull limit. */
  | { readonly kind: 'stale-to-save-limit'; readonly age: number }
  /** Upstream names something that is too young; this is what it named before. */
  | { readonly kind: 'min-age' };

export const HIT: Outcome = { kind: 'hit' };
