import { contentOf, dockerHubName } from '../pull-targets.ts';
import { pullExactly } from '../pull-exactly.ts';
import type { Stage } from '../stage.ts';
import { fetchedOnce, revalidatedOnce, upstreamUntouched } from '../traffic.ts';

/** A tag that is stale at once: one HEAD upstream while there is one, the stale content when there is none. */
export async function staleTag({ bench, client, images, signal }: Stage): Promise<void> {
  const image = images.pinned;
  const pull = async (): Promise<void> => {
    await pullExactly(client, dockerHubName(image), image, signal);
    await client.wipe(signal);
  };
  const { manifests, blobs } = contentOf(client, image);
  await bench.trial('pull cold, tag of no age', fetchedOnce([...manifests, ...blobs]), pull);
  await bench.trial('pull stale', revalidatedOnce, pull);
  await bench.holdfast.upstreamSide.stop();
  await bench.trial('pull stale, offline', upstreamUntouched, pull);
}
