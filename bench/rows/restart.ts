import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { wrk } from '../clients/wrk.ts';
import { fillStore } from '../content/filled-store.ts';
import { type Measure, ratioGoal, type Row } from '../row.ts';
import { startHoldfast } from '../servers/holdfast.ts';
import { Stage } from '../stage.ts';

const CONNECTIONS = 32;
const TAGS = 100;
const BLOBS = 10;

export const restart: Row = {
  name: 'restart',
  title: 'Restart with 1,000,000 blobs and 100,000 manifests',
  columns: [
    { key: 'start', title: 'start, ms', digits: 0 },
    { key: 'manifests', title: 'manifests/s, of a hundred', digits: 0 },
    { key: 'any', title: 'of all', digits: 0 },
    { key: 'lists', title: 'tag lists/s, of all', digits: 0 },
  ],
  goals: [
    {
      title: 'start of the full store, ms',
      kind: 'at most',
      limit: 500,
      of: (round) => round.get('full')?.['start'],
    },
    ratioGoal('at most', 1.2, 'manifests', 'nearly empty', 'full'),
    ratioGoal('at most', 1.2, 'lists', 'nearly empty', 'full'),
  ],
  async prepare(stage) {
    const repositories = stage.options.quick ? 100 : 1000;
    return new Map([
      ['full', await restarts(stage, repositories)],
      // Not quite empty, or there would be nothing to ask for.
      ['nearly empty', await restarts(stage, 1)],
    ]);
  },
};

async function restarts(stage: Stage, repositories: number): Promise<Measure> {
  const storage = await stage.directory('storage');
  await fillStore(storage, { repositories, tags: TAGS, blobs: BLOBS });
  const dir = await stage.directory('requests');
  const manifests = join(dir, 'manifests.lua');
  const any = join(dir, 'any.lua');
  const lists = join(dir, 'lists.lua');
  const repository = `math.random(0, ${repositories - 1})`;
  // A hundred that are asked for again and again, of as many repositories as there are.
  await writeFile(manifests, requests(`one % ${repositories}`, `'/manifests/t' .. one`));
  await writeFile(any, requests(repository, `'/manifests/t' .. one`));
  await writeFile(lists, requests(repository, `'/tags/list?n=${TAGS}'`));
  return async () => {
    const inner = await Stage.open(stage.options);
    try {
      const server = await startHoldfast(inner, { storage });
      const load = { connections: CONNECTIONS, seconds: stage.options.seconds };
      const found = await wrk(server.url, { ...load, script: manifests });
      const anywhere = await wrk(server.url, { ...load, script: any });
      const listed = await wrk(server.url, { ...load, script: lists });
      return {
        start: server.startMs,
        manifests: found.requestsPerSecond,
        any: anywhere.requestsPerSecond,
        lists: listed.requestsPerSecond,
      };
    } finally {
      await inner.close();
    }
  };
}

/** Lua of wrk. `repository` and `rest` are expressions of it, in which `one` is the number of a tag. */
function requests(repository: string, rest: string): string {
  return `
    request = function()
      local one = math.random(0, ${TAGS - 1})
      return wrk.format('GET', '/v2/scale/r' .. (${repository}) .. ${rest})
    end`;
}
