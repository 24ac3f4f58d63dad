import { pullImage, type PulledImage } from '../clients/pull-image.ts';
import { StaticRegistry } from '../content/static-registry.ts';
import { type Measure, ratioGoal, type Row } from '../row.ts';
import type { ChildServer } from '../servers/child-server.ts';
import { Distant } from '../servers/distant.ts';
import { startDockerRegistry } from '../servers/docker-registry.ts';
import { holdfastBuilds, startHoldfast } from '../servers/holdfast.ts';
import { Nginx } from '../servers/nginx.ts';
import { settleDisk, Stage } from '../stage.ts';

const MIB = 2 ** 20;
const LAYERS = 8;
const WARM_UP_SIZE = 100_000;

/** Bytes per second and connection, as public registries' networks allow. */
const UPSTREAM_RATE = 8 * MIB;
const ROUND_TRIP_MS = 30;

export const coldImage: Row = {
  name: 'cold-image',
  title:
    'Cold image of 8 layers of 8 MiB, three at a time (upstream 30 ms away, 8 MiB/s per connection)',
  columns: [{ key: 'seconds', title: 's', digits: 2 }],
  goals: [ratioGoal('at most', 0.7, 'seconds', 'holdfast', 'upstream')],
  async prepare(stage) {
    const registry = await StaticRegistry.open(stage);
    const size = (stage.options.quick ? 2 : 8) * MIB;
    // What is measured is not how a new server compiles itself.
    const warmUpBlobs = await registry.addImage(
      'v0',
      Array.from({ length: LAYERS }, () => WARM_UP_SIZE),
    );
    const blobs = await registry.addImage(
      'v1',
      Array.from({ length: LAYERS }, () => size),
    );
    const { server } = await Nginx.serve(stage, registry);
    const distance = { roundTrip: ROUND_TRIP_MS, rate: UPSTREAM_RATE };
    const distant = await Distant.open(stage, server.port, distance);
    const image = { manifest: registry.pathOf('v1'), blobs };
    const warmUp = { manifest: registry.pathOf('v0'), blobs: warmUpBlobs };
    const cold = (start: (stage: Stage) => Promise<ChildServer>): Measure =>
      coldPull(stage, start, image, warmUp);
    return new Map<string, Measure>([
      ...Array.from(holdfastBuilds(stage), ([name, project]): [string, Measure] => [
        name,
        cold((inner) => startHoldfast(inner, { upstream: distant.url, project })),
      ]),
      ['docker-registry proxy', cold((inner) => startDockerRegistry(inner, distant.url))],
      ['nginx proxy_cache', cold(async (inner) => (await Nginx.cache(inner, distant.url)).server)],
      ['upstream', async () => ({ seconds: (await pullImage(distant.port, image)) / 1000 })],
    ]);
  },
};

function coldPull(
  { options }: Stage,
  start: (stage: Stage) => Promise<ChildServer>,
  image: PulledImage,
  warmUp: PulledImage,
): Measure {
  return async () => {
    const stage = await Stage.open(options);
    try {
      const server = await start(stage);
      await pullImage(server.port, warmUp);
      await settleDisk();
      return { seconds: (await pullImage(server.port, image)) / 1000 };
    } finally {
      await stage.close();
    }
  };
}
