import type { Client } from './client.ts';
import { hostPlatform, type Image } from './image.ts';

/** Pulls and compares: the client must hold exactly this manifest or index, and this machine's config. */
export async function pullExactly(
  client: Client,
  name: string,
  image: Image,
  signal: AbortSignal,
  digest = image.digest,
): Promise<void> {
  const { config } = hostPlatform(image);
  const pulled = await client.pull(name, signal);
  if (!pulled.manifests.includes(digest)) {
    throw new Error(`pulled ${pulled.manifests.join(', ')}, not ${digest}`);
  }
  if (pulled.config !== config) throw new Error(`pulled config ${pulled.config}, not ${config}`);
}
