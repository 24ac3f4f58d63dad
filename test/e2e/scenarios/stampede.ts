import { hostPlatform } from '../image.ts';
import type { Stage } from '../stage.ts';
import { fetchedOnce } from '../traffic.ts';

const CLIENTS = 20;

/** Many clients pull one cold image at the same moment: the upstream sends every byte of it once. */
export async function stampede(stage: Stage): Promise<void> {
  const { bench, signal } = stage;
  const image = stage.images.app;
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => stage.another()));
  const { manifest, config, layers } = hostPlatform(image);
  const title = `${CLIENTS} cold pulls at once`;
  await bench.trial(title, fetchedOnce([manifest, config, ...layers]), async () => {
    const name = `docker.io/${image.repository}:${image.tag}`;
    const pulled = await Promise.all(clients.map((client) => client.pull(name, signal)));
    const wrong = pulled.filter(({ manifests }) => !manifests.includes(image.digest)).length;
    if (wrong > 0) throw new Error(`${wrong} of ${CLIENTS} clients got another image`);
  });
}
