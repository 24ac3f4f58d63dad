import { contentOf, dockerHubName } from '../pull-targets.ts';
import { pullExactly } from '../pull-exactly.ts';
import type { Stage } from '../stage.ts';
import { all, downloaded, upstreamUntouched } from '../traffic.ts';

/** What was pulled or pushed once is there after a `kill -9`, with the upstream gone. */
export async function restart({ bench, client, images, signal }: Stage): Promise<void> {
  const { holdfast } = bench;
  const { app, multi } = images;
  const pushed = `${holdfast.address}/local/restart:pushed`;
  await client.pull(dockerHubName(app), signal);
  await client.pull(dockerHubName(multi), signal);
  const digest = await client.push(dockerHubName(app), pushed, signal);

  await holdfast.kill();
  await holdfast.upstreamSide.stop();
  await holdfast.launch(signal);
  await client.wipe(signal);
  for (const image of [app, multi]) {
    const expected = all(upstreamUntouched, downloaded(contentOf(client, image).blobs));
    await bench.trial(`pull after kill -9, offline, ${image.repository}`, expected, () =>
      pullExactly(client, dockerHubName(image), image, signal),
    );
  }
  await bench.trial('pull back after kill -9, offline', upstreamUntouched, () =>
    pullExactly(client, pushed, app, signal, digest),
  );
}
