import type { Image } from '../image.ts';
import { pullExactly } from '../pull-exactly.ts';
import { contentOf, type PullTarget, pullTargets } from '../pull-targets.ts';
import type { Stage } from '../stage.ts';
import {
  all,
  downloaded,
  type Expectation,
  fetchedOnce,
  upstreamOnlyAsked,
  upstreamUntouched,
} from '../traffic.ts';

/**
 * What one client lives through: everything pulled cold, then warm, a push; then the upstream is gone for
 * good, and it pushes, pulls everything again and pulls back what it pushed.
 */
export async function clientLife(stage: Stage): Promise<void> {
  const { bench, client, signal } = stage;
  const { holdfast } = bench;
  const targets = pullTargets(client, stage.images, holdfast.address);
  const pullAll = async (state: string, expectation: (image: Image) => Expectation) => {
    for (const { title, image, name } of targets.every) {
      const expected = all(expectation(image), downloaded(contentOf(client, image).blobs));
      await bench.trial(`pull ${state}, ${title}`, expected, () =>
        pullExactly(client, name, image, signal),
      );
    }
  };
  const pushed: (PullTarget & { readonly digest: string })[] = [];
  const push = async (state: string, target: PullTarget, expectation: Expectation) => {
    const name = `${holdfast.address}/local/${target.image.repository}:pushed`;
    await bench.trial(`push ${state}, ${target.title}`, expectation, async () => {
      const digest = await client.push(target.name, name, signal);
      pushed.push({ ...target, name, digest });
    });
  };

  await pullAll('cold', (image) => {
    const { manifests, blobs } = contentOf(client, image);
    return fetchedOnce([...manifests, ...blobs]);
  });
  await runContainer(stage, targets.tag);
  await client.wipe(signal);
  await pullAll('warm', () => upstreamUntouched);
  await push('online', targets.tag, upstreamOnlyAsked);
  // Only a client that holds every platform can push the index as it is.
  if (client.platforms === 'all') await push('online', targets.index, upstreamOnlyAsked);

  await holdfast.upstreamSide.stop();
  await push('offline', targets.prefix, upstreamUntouched);
  await client.wipe(signal);
  await pullAll('offline', () => upstreamUntouched);
  await client.wipe(signal);
  for (const { title, image, name, digest } of pushed) {
    await bench.trial(`pull back offline, ${title}`, upstreamUntouched, () =>
      pullExactly(client, name, image, signal, digest),
    );
  }
}

async function runContainer({ bench, client, signal }: Stage, target: PullTarget): Promise<void> {
  if (client.run === undefined) return;
  const { name, image } = target;
  await bench.attempt('running the pulled image', async () => {
    const said = (await client.run?.(name, signal))?.trim();
    if (said !== image.greeting) throw new Error(`it printed ${String(said)}`);
    return `it printed "${said}"`;
  });
}
