import type { Bench } from '../bench.ts';
import type { Client } from '../client.ts';
import { hostPlatform, type Image } from '../image.ts';
import { fetchedOnce, revalidatedOnce, upstreamUntouched } from '../traffic.ts';

/** A tag that is stale at once: one HEAD upstream while there is one, the stale content when there is none. */
export async function staleTag(
  bench: Bench,
  client: Client,
  image: Image,
  signal: AbortSignal,
): Promise<void> {
  const name = `docker.io/${image.repository}:${image.tag}`;
  const pull = async (): Promise<void> => {
    const { manifests } = await client.pull(name, signal);
    if (!manifests.includes(image.digest)) throw new Error(`pulled ${manifests.join(', ')}`);
    await client.wipe(signal);
  };
  const { manifest, config, layers } = hostPlatform(image);
  await bench.trial('pull a tag of no age, cold', fetchedOnce([manifest, config, ...layers]), pull);
  await bench.trial('pull a stale tag', revalidatedOnce, pull);
  await bench.holdfast.upstreamSide.stop();
  await bench.trial('pull a stale tag offline', upstreamUntouched, pull);
}
