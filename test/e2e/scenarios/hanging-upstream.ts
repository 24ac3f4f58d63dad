import { CommandError } from '../command.ts';
import { pullExactly } from '../pull-exactly.ts';
import { contentOf, dockerHubName } from '../pull-targets.ts';
import type { Stage } from '../stage.ts';
import { downloaded } from '../traffic.ts';

/**
 * The upstream takes connections and never answers, which containerd would wait for without end: what is held
 * is served all the same, stale or not, and what is not held is refused.
 */
export async function hangingUpstream({ bench, client, images, signal }: Stage): Promise<void> {
  const { app, multi } = images;
  await client.pull(dockerHubName(app), signal);
  await client.wipe(signal);
  await bench.holdfast.upstreamSide.hang();
  const { blobs } = contentOf(client, app);
  await bench.trial('pull stale, upstream hangs', downloaded(blobs), () =>
    pullExactly(client, dockerHubName(app), app, signal),
  );
  await bench.trial('pull what is not held, upstream hangs', downloaded([]), async () => {
    try {
      await client.pull(dockerHubName(multi), signal);
    } catch (error) {
      if (error instanceof CommandError && /50[24]/.test(error.message)) return;
      throw error;
    }
    throw new Error('the client pulled what is not held');
  });
}
