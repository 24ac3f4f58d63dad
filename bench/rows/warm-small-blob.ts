import { StaticRegistry } from '../content/static-registry.ts';
import { ratioGoal, type Row } from '../row.ts';
import { REQUEST_COLUMNS, requestLoad } from './request-load.ts';
import { startWarmServers } from './warm-servers.ts';

const SIZE = 20_000;

export const warmSmallBlob: Row = {
  name: 'warm-small-blob',
  title: 'Warm blob of 20 KB, 32 connections',
  columns: REQUEST_COLUMNS,
  goals: [
    ratioGoal('at least', 8, 'speed', 'holdfast', 'docker-registry'),
    ratioGoal('at least', 8, 'speed', 'holdfast', 'docker-registry proxy'),
  ],
  async prepare(stage) {
    const registry = await StaticRegistry.open(stage);
    const blobs = await registry.addImage('v1', [SIZE]);
    const servers = await startWarmServers(stage, registry, blobs);
    const path = blobs.find(({ size }) => size === SIZE)?.path ?? '';
    return new Map(
      Array.from(servers, ([name, server]) => [name, requestLoad(stage, server, path)]),
    );
  },
};
