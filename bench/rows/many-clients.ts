import { rawGet } from '../clients/raw-get.ts';
import { type StaticBlob, StaticRegistry } from '../content/static-registry.ts';
import type { Measure, Row } from '../row.ts';
import type { ChildServer } from '../servers/child-server.ts';
import { Distant } from '../servers/distant.ts';
import { startDockerRegistry } from '../servers/docker-registry.ts';
import { holdfastBuilds, startHoldfast } from '../servers/holdfast.ts';
import { Nginx } from '../servers/nginx.ts';
import { settleDisk, Stage } from '../stage.ts';

const MIB = 2 ** 20;
const CLIENTS = 100;

/** Bytes per second. A hundred times that still is less than one server can send: the upstream is the limit. */
const UPSTREAM_RATE = 2 * MIB;

export const manyClients: Row = {
  name: 'many-clients',
  title: '100 clients ask for one cold blob at once (8 MiB, upstream at 2 MiB/s per connection)',
  columns: [
    { key: 'single', title: 'one client, s', digits: 2 },
    { key: 'slowest', title: 'slowest of 100, s', digits: 2 },
    { key: 'ratio', title: 'ratio', digits: 2 },
    { key: 'gets', title: 'upstream GETs', digits: 0 },
    { key: 'cpu', title: 'CPU s', digits: 2 },
  ],
  goals: [
    {
      title: 'upstream GETs of holdfast',
      kind: 'at most',
      limit: 1,
      of: (round) => round.get('holdfast')?.['gets'],
    },
    {
      title: 'holdfast, slowest of 100 / one client',
      kind: 'at most',
      limit: 1.3,
      of: (round) => round.get('holdfast')?.['ratio'],
    },
  ],
  async prepare(stage) {
    const registry = await StaticRegistry.open(stage);
    const size = (stage.options.quick ? 2 : 8) * MIB;
    const single = await registry.addBlob(size);
    const shared = await registry.addBlob(size);
    const upstream = await Nginx.serve(stage, registry);
    const distance = { roundTrip: 0, rate: UPSTREAM_RATE };
    const { url } = await Distant.open(stage, upstream.server.port, distance);
    const crowd = (start: (stage: Stage) => Promise<ChildServer>): Measure =>
      crowdPull(stage, start, upstream, single, shared);
    return new Map([
      ...Array.from(holdfastBuilds(stage), ([name, project]): [string, Measure] => [
        name,
        crowd((inner) => startHoldfast(inner, { upstream: url, project })),
      ]),
      ['docker-registry proxy', crowd((inner) => startDockerRegistry(inner, url))],
      ['nginx proxy_cache', crowd(async (inner) => (await Nginx.cache(inner, url)).server)],
    ]);
  },
};

function crowdPull(
  { options }: Stage,
  start: (stage: Stage) => Promise<ChildServer>,
  upstream: Nginx,
  single: StaticBlob,
  shared: StaticBlob,
): Measure {
  return async () => {
    const stage = await Stage.open(options);
    try {
      const server = await start(stage);
      const { port } = server;
      await settleDisk();
      const alone = await rawGet(port, single.path);
      const before = await server.cpuSeconds();
      const getsBefore = await upstream.countGets(shared.path);
      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, () => rawGet(port, shared.path)),
      );
      const slowest = Math.max(...answers.map(({ totalMs }) => totalMs)) / 1000;
      return {
        single: alone.totalMs / 1000,
        slowest,
        ratio: (slowest * 1000) / alone.totalMs,
        gets: (await upstream.countGets(shared.path)) - getsBefore,
        cpu: (await server.cpuSeconds()) - before,
      };
    } finally {
      await stage.close();
    }
  };
}
