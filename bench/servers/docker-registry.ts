import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from '../stage.ts';
import { ChildServer } from './child-server.ts';
import { freePort } from './free-port.ts';

/** Debian's docker-registry with the settings of Debian's own configuration; with `upstream` as pull-through proxy. */
export async function startDockerRegistry(stage: Stage, upstream?: string): Promise<ChildServer> {
  const dir = await stage.directory('docker-registry');
  const port = await freePort();
  const config = join(dir, 'config.yml');
  // YAML is a superset of JSON.
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { fields: { service: 'registry' } },
      storage: {
        cache: { blobdescriptor: 'inmemory' },
        filesystem: { rootdirectory: join(dir, 'storage') },
        delete: { enabled: true },
      },
      http: { addr: `127.0.0.1:${port}`, headers: { 'X-Content-Type-Options': ['nosniff'] } },
      ...(upstream !== undefined && { proxy: { remoteurl: upstream } }),
    }),
  );
  return ChildServer.start(stage, {
    name: 'docker-registry',
    command: ['docker-registry', 'serve', config],
    port,
    log: join(dir, 'log'),
    // Telemetry of its libraries is off where nobody asks for it.
    environment: { OTEL_TRACES_EXPORTER: 'none' },
  });
}
