import type { Bench } from '../bench.ts';
import type { Client } from '../client.ts';
import { hostPlatform, type Image } from '../image.ts';
import type { Images } from '../images.ts';
import {
  all,
  downloaded,
  type Expectation,
  fetchedOnce,
  upstreamOnlyAsked,
  upstreamUntouched,
} from '../traffic.ts';
import { contentOf, type PullTarget, pullTargets } from './pull-targets.ts';

/**
 * What one client lives through: everything pulled cold, then warm, a push; then the upstream is gone for
 * good, and it pushes, pulls everything again and pulls back what it pushed.
 */
export async function clientLife(
  bench: Bench,
  client: Client,
  images: Images,
  signal: AbortSignal,
): Promise<void> {
  const { holdfast } = bench;
  const targets = pullTargets(client, images, holdfast.address);
  const pullAll = async (state: string, expectation: (image: Image) => Expectation) => {
    for (const { title, image, name } of targets) {
      const expected = all(expectation(image), downloaded(contentOf(client, image).blobs));
      await bench.trial(`pull ${state}, ${title}`, expected, () =>
        pull(client, name, image.digest, hostPlatform(image).config, signal),
      );
    }
  };
  const pushes: Pushed[] = [];
  const push = async (state: string, target: PullTarget | undefined, expectation: Expectation) => {
    if (target === undefined) return;
    const to = `${holdfast.address}/local/${target.image.repository}:pushed`;
    await bench.trial(`push ${state}, ${target.title}`, expectation, async () => {
      const digest = await client.push(target.name, to, signal);
      pushes.push({ title: target.title, image: target.image, name: to, digest });
    });
  };
  const [tagTarget, , indexTarget, prefixTarget] = targets;

  await pullAll('cold', (image) => {
    const { manifests, blobs } = contentOf(client, image);
    return fetchedOnce([...manifests, ...blobs]);
  });
  await runContainer(bench, client, tagTarget, signal);
  await client.wipe(signal);
  await pullAll('warm', () => upstreamUntouched);
  await push('online', tagTarget, upstreamOnlyAsked);
  // Only a client that holds every platform can push the index as it is.
  if (client.platforms === 'all') await push('online', indexTarget, upstreamOnlyAsked);

  await holdfast.upstreamSide.stop();
  await push('offline', prefixTarget, upstreamUntouched);
  await client.wipe(signal);
  await pullAll('offline', () => upstreamUntouched);
  await client.wipe(signal);
  for (const { title, image, name, digest } of pushes) {
    await bench.trial(`pull back offline, ${title}`, upstreamUntouched, () =>
      pull(client, name, digest, hostPlatform(image).config, signal),
    );
  }
}

interface Pushed extends PullTarget {
  readonly digest: string;
}

/** Pulls and compares: the client must hold exactly this manifest or index, and this machine's config. */
async function pull(
  client: Client,
  name: string,
  digest: string,
  config: string,
  signal: AbortSignal,
): Promise<void> {
  const pulled = await client.pull(name, signal);
  if (!pulled.manifests.includes(digest)) {
    throw new Error(`pulled ${pulled.manifests.join(', ')}, not ${digest}`);
  }
  if (pulled.config !== config) throw new Error(`pulled config ${pulled.config}, not ${config}`);
}

async function runContainer(
  bench: Bench,
  client: Client,
  target: PullTarget | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (client.run === undefined || target === undefined) return;
  const { name, image } = target;
  await bench.attempt('running the pulled image', async () => {
    const said = (await client.run?.(name, signal))?.trim();
    if (said !== image.greeting) throw new Error(`it printed ${String(said)}`);
    return `it printed "${said}"`;
  });
}
