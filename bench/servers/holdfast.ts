import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Stage } from '../stage.ts';
import { ChildServer } from './child-server.ts';
import { freePort } from './free-port.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

/** The name of the contender that `--before` adds. */
export const BEFORE = 'holdfast before';

/** The built projects that take part, by contender. */
export function holdfastBuilds({ options }: Stage): ReadonlyMap<string, string> {
  const builds = new Map([['holdfast', PROJECT]]);
  if (options.before !== undefined) builds.set(BEFORE, resolve(options.before));
  return builds;
}

export interface HoldfastOptions {
  readonly upstream?: string;
  /** A data directory that exists already. */
  readonly storage?: string;
  /** Bytes of mirrored content at most. */
  readonly maxSize?: number;
  /** Of another checkout. */
  readonly project?: string;
}

/** Holdfast as it comes: default configuration and log level, one upstream, log to a file. */
export async function startHoldfast(
  stage: Stage,
  { upstream, storage, maxSize, project = PROJECT }: HoldfastOptions = {},
): Promise<ChildServer> {
  const dir = await stage.directory('holdfast');
  const port = await freePort();
  const config = join(dir, 'config.json');
  await writeFile(
    config,
    JSON.stringify({
      listen: { host: '127.0.0.1', port },
      storage: {
        dir: storage ?? join(dir, 'storage'),
        ...(maxSize !== undefined && { maxSize: `${maxSize}B` }),
      },
      upstreams: upstream === undefined ? {} : { 'upstream.test': { url: upstream } },
      ...(upstream !== undefined && { defaultUpstream: 'upstream.test' }),
    }),
  );
  return ChildServer.start(stage, {
    name: 'holdfast',
    command: [process.execPath, join(project, 'dist/main.js'), 'serve', '--config', config],
    port,
    log: join(dir, 'log'),
  });
}
