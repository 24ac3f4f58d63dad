import { writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { programEnvironment } from './command.ts';
import { Daemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import { answersOk } from './probe.ts';

/** The registry that plays every upstream: Debian's docker-registry on a loopback port. */
export interface Upstream {
  readonly port: number;
  readonly daemon: Daemon;
}

export async function startUpstream(directory: string, signal: AbortSignal): Promise<Upstream> {
  await mkdir(directory, { recursive: true });
  const port = await freePort();
  const config = join(directory, 'config.json');
  // It reads YAML, of which JSON is a part.
  const settings = {
    version: '0.1',
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: join(directory, 'data') } },
    http: { addr: `127.0.0.1:${port}` },
  };
  await writeFile(config, JSON.stringify(settings));
  // A clean environment matters: it would take any REGISTRY_* variable as configuration.
  const daemon = await Daemon.start(
    'docker-registry',
    ['docker-registry', 'serve', config],
    programEnvironment(),
    join(directory, 'log'),
  );
  await daemon.ready(() => answersOk(`http://127.0.0.1:${port}/v2/`), signal);
  return { port, daemon };
}
