import { RawConnection } from '../clients/raw-get.ts';
import { StaticRegistry } from '../content/static-registry.ts';
import { ratioGoal, type Measure, type Row } from '../row.ts';
import type { ChildServer } from '../servers/child-server.ts';
import { TRANSFER_COLUMNS, transferSample } from './transfer-columns.ts';
import { startWarmServers } from './warm-servers.ts';

const MIB = 2 ** 20;
const CONNECTIONS = 16;

export const warmLargeBlob: Row = {
  name: 'warm-large-blob',
  title: 'Warm blob of 64 MiB, 16 connections',
  columns: TRANSFER_COLUMNS,
  goals: [
    ratioGoal('at least', 1.2, 'speed', 'holdfast', 'docker-registry'),
    ratioGoal('at least', 1, 'speed', 'holdfast', 'nginx'),
    ratioGoal('at most', 1, 'cpu', 'holdfast', 'docker-registry'),
  ],
  async prepare(stage) {
    const size = (stage.options.quick ? 16 : 64) * MIB;
    const registry = await StaticRegistry.open(stage);
    const blobs = await registry.addImage('v1', [size]);
    const servers = await startWarmServers(stage, registry, blobs);
    const path = blobs.find((blob) => blob.size === size)?.path ?? '';
    return new Map(Array.from(servers, ([name, server]) => [name, downloads(server, path)]));
  },
};

/** Times each connection asks for the blob. */
const TIMES = 4;

function downloads(server: ChildServer, path: string): Measure {
  return async () => {
    const connections = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => RawConnection.open(server.port)),
    );
    const before = await server.cpuSeconds();
    const began = performance.now();
    const bytes = await Promise.all(connections.map((connection) => download(connection, path)));
    const ms = performance.now() - began;
    const cpu = (await server.cpuSeconds()) - before;
    for (const connection of connections) connection.close();
    return transferSample(
      bytes.reduce((sum, one) => sum + one, 0),
      ms,
      cpu,
    );
  };
}

async function download(connection: RawConnection, path: string): Promise<number> {
  let bytes = 0;
  for (let time = 0; time < TIMES; time++) bytes += (await connection.get(path)).bytes;
  return bytes;
}
