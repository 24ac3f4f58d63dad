import { eventually } from '../helpers/eventually.ts';
import { MediaType } from '../../src/oci/media-types.ts';
import type { Server } from './pushing.ts';

/** Waits until the blob is on disk: a client has all of it a moment before that. */
export function held(holdfast: Server, repository: string, digest: string): Promise<void> {
  return eventually(`${digest} is held`, async () => {
    const path = `/v2/${repository}/blobs/${digest}`;
    const head = await holdfast.fetch(path, { method: 'HEAD' });
    return head.headers.get('cache-status') === 'holdfast; hit';
  });
}

/** Waits until every blob of a pulled image is on disk. */
export async function imageHeld(
  holdfast: Server,
  repository: string,
  reference: string,
): Promise<void> {
  const headers = { Accept: MediaType.ociManifest };
  const get = await holdfast.fetch(`/v2/${repository}/manifests/${reference}`, { headers });
  const { config, layers } = (await get.json()) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  for (const { digest } of [config, ...layers]) await held(holdfast, repository, digest);
}
