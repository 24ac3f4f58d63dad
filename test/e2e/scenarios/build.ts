import { contentOf, dockerHubName } from '../pull-targets.ts';
import type { Stage } from '../stage.ts';
import { all, downloaded, type Expectation, fetchedOnce, upstreamUntouched } from '../traffic.ts';

/** A build whose `FROM` names a mirrored image: cold, then with the upstream gone. */
export async function build({ bench, client, images, signal }: Stage): Promise<void> {
  const image = images.app;
  const { manifests, blobs } = contentOf(client, image);
  const trial = async (state: string, expectation: Expectation): Promise<void> => {
    await bench.trial(`build ${state}`, all(expectation, downloaded(blobs)), async () => {
      await client.build?.(dockerHubName(image), signal);
    });
    await client.wipe(signal);
  };
  await trial('cold', fetchedOnce([...manifests, ...blobs]));
  await bench.holdfast.upstreamSide.stop();
  await trial('offline', upstreamUntouched);
}
