import { pushImage } from '../clients/push.ts';
import { rawGet } from '../clients/raw-get.ts';
import type { StaticBlob, StaticRegistry } from '../content/static-registry.ts';
import type { ChildServer } from '../servers/child-server.ts';
import { startDockerRegistry } from '../servers/docker-registry.ts';
import { holdfastBuilds, startHoldfast } from '../servers/holdfast.ts';
import { Nginx } from '../servers/nginx.ts';
import type { Stage } from '../stage.ts';

/** The contenders of the warm rows, each holding the image `blobs`: pulled through, or pushed. */
export async function startWarmServers(
  stage: Stage,
  registry: StaticRegistry,
  blobs: readonly StaticBlob[],
): Promise<ReadonlyMap<string, ChildServer>> {
  const upstream = (await Nginx.serve(stage, registry)).server;
  const servers = new Map<string, ChildServer>();
  for (const [name, project] of holdfastBuilds(stage)) {
    servers.set(name, await startHoldfast(stage, { upstream: upstream.url, project }));
  }
  servers.set('docker-registry proxy', await startDockerRegistry(stage, upstream.url));
  const pushed = await startDockerRegistry(stage);
  await pushImage(
    pushed.url,
    registry,
    blobs.map(({ digest }) => digest),
  );
  servers.set('docker-registry', pushed);
  servers.set('nginx proxy_cache', (await Nginx.cache(stage, upstream.url)).server);
  servers.set('nginx', (await Nginx.serve(stage, registry)).server);
  const paths = [...registry.manifests, ...blobs].map(({ path }) => path);
  for (const { port } of servers.values()) for (const path of paths) await rawGet(port, path);
  return servers;
}
