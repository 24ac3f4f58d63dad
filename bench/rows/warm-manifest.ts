import { StaticRegistry } from '../content/static-registry.ts';
import { ratioGoal, type Row } from '../row.ts';
import { REQUEST_COLUMNS, requestLoad } from './request-load.ts';
import { startWarmServers } from './warm-servers.ts';

const LAYERS = 8;

export const warmManifest: Row = {
  name: 'warm-manifest',
  title: 'Warm manifest by tag, 32 connections',
  columns: REQUEST_COLUMNS,
  goals: [
    ratioGoal('at least', 30, 'speed', 'holdfast', 'docker-registry proxy'),
    ratioGoal('at least', 6, 'speed', 'holdfast', 'docker-registry'),
  ],
  async prepare(stage) {
    const registry = await StaticRegistry.open(stage);
    const blobs = await registry.addImage(
      'v1',
      Array.from({ length: LAYERS }, () => 1000),
    );
    const servers = await startWarmServers(stage, registry, blobs);
    const path = registry.pathOf('v1');
    return new Map(
      Array.from(servers, ([name, server]) => [name, requestLoad(stage, server, path)]),
    );
  },
};
