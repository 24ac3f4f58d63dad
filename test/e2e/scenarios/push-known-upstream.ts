import { pullExactly } from '../pull-exactly.ts';
import { contentOf } from '../pull-targets.ts';
import type { Stage } from '../stage.ts';
import { fetchedAtMostOnce, upstreamUntouched } from '../traffic.ts';

/**
 * A push under a name whose blobs the upstream has: a client that is told so sends none of them, and yet the
 * push has to be whole here once the upstream is gone.
 */
export async function pushKnownUpstream({ bench, client, images, signal }: Stage): Promise<void> {
  const { holdfast } = bench;
  const image = images.origin;
  const source = `quay.io/${image.repository}:${image.tag}`;
  const pushed = `${holdfast.address}/${image.repository}:mine`;
  await client.pull(source, signal);
  await holdfast.forget(signal);
  const { blobs } = contentOf(client, image);
  let digest = '';
  await bench.trial('push what upstream has', fetchedAtMostOnce(blobs), async () => {
    digest = await client.push(source, pushed, signal);
  });
  await holdfast.upstreamSide.stop();
  await client.wipe(signal);
  await bench.trial('pull back what upstream had', upstreamUntouched, () =>
    pullExactly(client, pushed, image, signal, digest),
  );
}
