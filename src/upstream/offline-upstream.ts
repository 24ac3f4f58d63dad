import { UpstreamError } from './errors.ts';
import type { Upstream } from './upstream.ts';

/** Stands in for an upstream that must not be contacted: every question fails at once, without a network. */
export function offlineUpstream(name: string): Upstream {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new UpstreamError('offline', `${name} is not asked: this mirror is set to offline`),
    );
  return {
    name,
    headManifest: refuse,
    manifest: refuse,
    headBlob: refuse,
    blob: refuse,
    blobRange: refuse,
    tags: refuse,
    referrers: refuse,
    close: () => Promise.resolve(),
  };
}
