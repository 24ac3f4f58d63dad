import { setTimeout as sleep } from 'node:timers/promises';
import { rawGet } from '../clients/raw-get.ts';
import { type StaticBlob, StaticRegistry } from '../content/static-registry.ts';
import { type Measure, ratioGoal, type Row } from '../row.ts';
import type { ChildServer } from '../servers/child-server.ts';
import { startDockerRegistry } from '../servers/docker-registry.ts';
import { holdfastBuilds, startHoldfast } from '../servers/holdfast.ts';
import { Nginx } from '../servers/nginx.ts';
import { settleDisk, Stage } from '../stage.ts';
import { TRANSFER_COLUMNS, transferSample } from './transfer-columns.ts';

const MIB = 2 ** 20;

/** Small blobs that go through a new server first: what is measured is not how it compiles itself. */
const WARM_UP_BLOBS = 30;

/** A server that uses less CPU in that time has nothing to do but its housekeeping. */
const IDLE_MS = 1000;
const IDLE_CPU_SECONDS = 0.03;

export const coldLargeBlob: Row = {
  name: 'cold-large-blob',
  title: 'Cold blob of 1 GiB',
  columns: [
    ...TRANSFER_COLUMNS,
    { key: 'firstByte', title: 'first byte, ms', digits: 1 },
    { key: 'gets', title: 'upstream GETs', digits: 0 },
  ],
  goals: [
    ratioGoal('at least', 1.3, 'speed', 'holdfast', 'docker-registry proxy'),
    {
      title: 'first byte, holdfast − upstream, ms',
      kind: 'at most',
      limit: 5,
      of: (round) =>
        difference(round.get('holdfast')?.['firstByte'], round.get('upstream')?.['firstByte']),
    },
  ],
  async prepare(stage) {
    const registry = await StaticRegistry.open(stage);
    const blob = await registry.addBlob((stage.options.quick ? 128 : 1024) * MIB);
    const warmUp: StaticBlob[] = [];
    for (let made = 0; made < WARM_UP_BLOBS; made++) warmUp.push(await registry.addBlob(MIB));
    const upstream = await Nginx.serve(stage, registry);
    const { url } = upstream.server;
    const cold = (start: (stage: Stage) => Promise<ChildServer>): Measure =>
      coldPull(stage, start, upstream, blob, warmUp);
    return new Map([
      ...Array.from(holdfastBuilds(stage), ([name, project]): [string, Measure] => [
        name,
        cold((inner) => startHoldfast(inner, { upstream: url, project })),
      ]),
      ['docker-registry proxy', cold((inner) => startDockerRegistry(inner, url))],
      ['nginx proxy_cache', cold(async (inner) => (await Nginx.cache(inner, url)).server)],
      ['upstream', () => pull(upstream.server, upstream, blob)],
    ]);
  },
};

/** Every time on a server of its own, which holds nothing yet. */
function coldPull(
  { options }: Stage,
  start: (stage: Stage) => Promise<ChildServer>,
  upstream: Nginx,
  blob: StaticBlob,
  warmUp: readonly StaticBlob[],
): Measure {
  return async () => {
    const stage = await Stage.open(options);
    try {
      const server = await start(stage);
      for (const { path } of warmUp) await rawGet(server.port, path);
      await settleDisk();
      return await pull(server, upstream, blob);
    } finally {
      await stage.close();
    }
  };
}

/** The time is the client's; CPU time and GETs are counted until the server has put everything away. */
async function pull(server: ChildServer, upstream: Nginx, blob: StaticBlob) {
  const before = await server.cpuSeconds();
  const getsBefore = await upstream.countGets(blob.path);
  const { bytes, totalMs, firstByteMs } = await rawGet(server.port, blob.path);
  const cpu = (await idleCpuSeconds(server)) - before;
  const gets = (await upstream.countGets(blob.path)) - getsBefore;
  return { ...transferSample(bytes, totalMs, cpu), firstByte: firstByteMs, gets };
}

/** The CPU time of the server once it has nothing more to do. */
async function idleCpuSeconds(server: ChildServer): Promise<number> {
  for (let before = -1; ;) {
    const now = await server.cpuSeconds();
    if (now - before <= IDLE_CPU_SECONDS) return now;
    before = now;
    await sleep(IDLE_MS);
  }
}

function difference(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one - other;
}
