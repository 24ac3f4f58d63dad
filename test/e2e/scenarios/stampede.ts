import type { Bench } from '../bench.ts';
import type { ClientKind } from '../client.ts';
import { hostPlatform, type Image } from '../image.ts';
import { fetchedOnce } from '../traffic.ts';

const CLIENTS = 20;

/** Many clients pull one cold image at the same moment: the upstream sends every byte of it once. */
export async function stampede(
  bench: Bench,
  kind: ClientKind,
  directory: string,
  image: Image,
  signal: AbortSignal,
): Promise<void> {
  const { address } = bench.holdfast;
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) => kind.start(`${directory}/${i}`, address, signal)),
  );
  const { manifest, config, layers } = hostPlatform(image);
  const title = `${CLIENTS} cold pulls at once`;
  try {
    await bench.trial(title, fetchedOnce([manifest, config, ...layers]), async () => {
      const name = `docker.io/${image.repository}:${image.tag}`;
      const pulled = await Promise.all(clients.map((client) => client.pull(name, signal)));
      const wrong = pulled.filter(({ manifests }) => !manifests.includes(image.digest)).length;
      if (wrong > 0) throw new Error(`${wrong} of ${CLIENTS} clients got another image`);
    });
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}
