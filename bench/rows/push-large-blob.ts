import { randomBytes } from 'node:crypto';
import { pushBlob, pushedBlob, type PushedBlob } from '../clients/push.ts';
import { type Measure, ratioGoal, type Row } from '../row.ts';
import type { ChildServer } from '../servers/child-server.ts';
import { startDockerRegistry } from '../servers/docker-registry.ts';
import { holdfastBuilds, startHoldfast } from '../servers/holdfast.ts';
import { settleDisk, Stage } from '../stage.ts';
import { TRANSFER_COLUMNS, transferSample } from './transfer-columns.ts';

const MIB = 2 ** 20;
const WARM_UP_PUSHES = 10;

export const pushLargeBlob: Row = {
  name: 'push-large-blob',
  title: 'Push of 1 GiB (POST, PATCH, PUT)',
  columns: TRANSFER_COLUMNS,
  goals: [ratioGoal('at least', 1.5, 'speed', 'holdfast', 'docker-registry')],
  async prepare(stage) {
    const block = randomBytes(MIB);
    const blob = pushedBlob(block, stage.options.quick ? 128 : 1024);
    const warmUp = pushedBlob(block, 4);
    const push = (start: (stage: Stage) => Promise<ChildServer>): Measure =>
      pushTo(stage, start, blob, warmUp);
    return new Map([
      ...Array.from(holdfastBuilds(stage), ([name, project]): [string, Measure] => [
        name,
        push((inner) => startHoldfast(inner, { project })),
      ]),
      ['docker-registry', push((inner) => startDockerRegistry(inner))],
    ]);
  },
};

/** Every time on a server of its own, which holds nothing yet. */
function pushTo(
  { options }: Stage,
  start: (stage: Stage) => Promise<ChildServer>,
  blob: PushedBlob,
  warmUp: PushedBlob,
): Measure {
  return async () => {
    const stage = await Stage.open(options);
    try {
      const server = await start(stage);
      for (let time = 0; time < WARM_UP_PUSHES; time++)
        await pushBlob(server.url, `warm/up${time}`, warmUp);
      await settleDisk();
      const before = await server.cpuSeconds();
      const ms = await pushBlob(server.url, 'bench/pushed', blob);
      const cpu = (await server.cpuSeconds()) - before;
      return transferSample(blob.block.length * blob.count, ms, cpu);
    } finally {
      await stage.close();
    }
  };
}
