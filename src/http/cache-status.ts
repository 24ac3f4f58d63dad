import type { Outcome } from '../pull-through/outcome.ts';

/** The `Cache-Status` of an outcome (RFC 9211). */
export function cacheStatus(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'hit':
      return 'holdfast; hit';
    case 'miss':
      return `holdfast; fwd=uri-miss${collapsed(outcome)}`;
    case 'revalidated':
    case 'updated':
      return `holdfast; fwd=stale${collapsed(outcome)}; detail=${outcome.kind}`;
    case 'stale-if-error':
    case 'stale-while-revalidate':
    case 'stale-to-save-limit':
      return `holdfast; hit; ttl=${-Math.ceil(Math.max(0, outcome.age) / 1000)}; detail=${outcome.kind}`;
    case 'min-age':
      return 'holdfast; hit; detail=min-age';
  }
}

function collapsed(outcome: { readonly collapsed: boolean }): string {
  return outcome.collapsed ? '; collapsed' : '';
}
