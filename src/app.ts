/** The composition root: builds adapters, engine and edge from a configuration. The only file that names concrete adapters. */
import { join } from 'node:path';
import { createAuthentication } from './app/authentication.ts';
import { createMirrors } from './app/mirrors.ts';
import { reacting } from './app/reactions.ts';
import { readVersion } from './cli/version.ts';
import type { Clock } from './clock.ts';
import { ClosingSteps } from './closing-steps.ts';
import { accessRules } from './config/access-rules.ts';
import type { Config } from './config/config.ts';
import { Access } from './http/access.ts';
import { Authenticator } from './http/authenticator.ts';
import type { ConnectionLimits } from './http/connection-limits.ts';
import { loadPage } from './http/page.ts';
import { createMirrorRouter, createRouter } from './http/router.ts';
import { HttpServers } from './http/servers.ts';
import { createInventory } from './inventory/inventory.ts';
import { Pins } from './inventory/pins.ts';
import { RecentMisses } from './inventory/recent-misses.ts';
import { Upstreams } from './inventory/upstreams.ts';
import { UsageByDay } from './inventory/usage.ts';
import { Upkeep } from './maintenance/upkeep.ts';
import { Warm } from './maintenance/warm.ts';
import { WarmSchedule } from './maintenance/warm-schedule.ts';
import type { Logger } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { observePullThrough } from './observe/pull-through-events.ts';
import { logRequest } from './observe/request-log.ts';
import { observeDamage, observeUpkeep } from './observe/upkeep-events.ts';
import { observeWarm } from './observe/warm-events.ts';
import { packageDirectory } from './package-directory.ts';
import type { WholeUpstream } from './oci/repository.ts';
import { PullThrough } from './pull-through/pull-through.ts';
import { RecentUses } from './pull-through/recent-uses.ts';
import { Content } from './registry/content.ts';
import { Deletes } from './registry/delete.ts';
import { Lists } from './registry/list.ts';
import { ManifestBytes } from './registry/manifest-bytes.ts';
import { mirroredImages } from './registry/mirrored-images.ts';
import { Naming } from './registry/naming.ts';
import { PushBlob } from './registry/push-blob.ts';
import { PushManifest } from './registry/push-manifest.ts';
import { shadowedRepositories } from './registry/shadowed.ts';
import { DamagedBlobs } from './store/damaged-blobs.ts';
import { DigestLocks } from './store/digest-locks.ts';
import { DiskBlobStore } from './store/disk/disk-blob-store.ts';
import { DirectoryLock } from './store/sqlite/directory-lock.ts';
import { SqliteMetadataStore } from './store/sqlite/sqlite-metadata-store.ts';

/** Where `npm run build` leaves the page. */
const builtPage = (): string => join(packageDirectory(), 'dist/page');

/** What a push is answered for which the disk has no room. */
const STORE_FULL = 507;

export interface AppOptions {
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits?: ConnectionLimits;
  /** The folder of the built page. */
  readonly page?: string;
}

export interface RunningApp {
  readonly address: { readonly host: string; readonly port: number; readonly tls: boolean };
  /** Of the listener for mirrors alone, if there is one. */
  readonly mirrorPort: number | undefined;
  readonly upkeep: Upkeep;
  /** The hosted repositories that no name leads to, because it has become an upstream's. */
  shadowed(): Promise<readonly string[]>;
  /** Stops accepting, lets requests finish for at most `graceMs`, puts unfinished work away, and closes everything. */
  close(graceMs: number): Promise<void>;
}

/** Starts the mirror. No network is touched but the listener; a start that fails leaves nothing open. */
export async function startApp(config: Config, options: AppOptions): Promise<RunningApp> {
  const closing = new ClosingSteps();
  try {
    return await start(config, options, closing);
  } catch (error) {
    await closing
      .close()
      .catch((failure: unknown) => options.log.error({ err: failure }, 'not closed in order'));
    throw error;
  }
}

async function start(
  config: Config,
  { log, clock, limits, page = builtPage() }: AppOptions,
  closing: ClosingSteps,
): Promise<RunningApp> {
  const { dir } = config.storage;
  const accelRedirect = config.listen.reverseProxy?.accelRedirect ?? null;
  const lock = await DirectoryLock.take(dir);
  closing.add(() => lock.release());
  const blobs = await DiskBlobStore.open({ dir, groupMayRead: accelRedirect !== null });
  closing.add(() => blobs.close());
  const metadata = await SqliteMetadataStore.open({
    file: join(dir, 'holdfast.db'),
    now: () => clock.now(),
  });
  closing.add(() => metadata.close());
  const naming = new Naming(
    Object.entries(config.upstreams).map(([name, { aliases }]) => ({ name, aliases })),
    config.defaultUpstream,
  );
  const pins = new Pins({ metadata, naming, clock });
  // Before anything may be evicted.
  await pins.configure(config.pins);

  const metrics = new Metrics(
    {
      stored: async () => {
        const totals = await metadata.totals();
        return { ...totals, bytes: totals.blobBytes };
      },
      fillsRunning: () => pullThrough.fillsRunning,
    },
    Object.keys(config.upstreams),
  );
  const locks = new DigestLocks();
  const damaged = new DamagedBlobs({
    metadata,
    blobs,
    locks,
    onDamage: observeDamage(log, metrics),
  });
  const uses = new RecentUses(metadata, clock);
  closing.add(() =>
    uses.flush().catch((error: unknown) => log.error({ err: error }, 'uses were not noted')),
  );
  const usage = new UsageByDay(metadata.inventory, clock);
  closing.add(() =>
    usage.flush().catch((error: unknown) => log.error({ err: error }, 'usage was not noted')),
  );
  const misses = new RecentMisses({
    metadata,
    clock,
    onError: (error) => log.error({ err: error }, 'a miss was not explained'),
  });
  const events = reacting(observePullThrough(log, metrics), {
    evictSoon: () => upkeep.evictSoon(),
    missed: (miss) => misses.note(miss),
  });
  const mirrors = await createMirrors(config, { clock, metrics, usage, events });
  closing.add(async () => {
    await Promise.all(Array.from(mirrors.values(), ({ upstream }) => upstream.close()));
  });
  const pullThrough = new PullThrough({
    mirrors,
    metadata,
    blobs,
    locks,
    damaged,
    uses,
    clock,
    events,
    prefetch: config.prefetch === 'image',
  });
  closing.add(() => pullThrough.close());

  const bytes = new ManifestBytes(metadata);
  const pushBlob = new PushBlob({ metadata, blobs, locks, clock });
  closing.add(() => pushBlob.close());
  const upkeep = new Upkeep({
    metadata,
    blobs,
    locks,
    damaged,
    clock,
    events: observeUpkeep(log, metrics),
    ...config.storage,
    uploadMaxAge: config.push.uploadMaxAge,
    fillSpace: () => pullThrough.fillSpace,
    flushUses: async () => {
      await uses.flush();
      await usage.flush();
    },
    expireUploads: (before) => pushBlob.expire(before),
  });
  closing.add(() => upkeep.close());
  const rules = accessRules(config);
  const access = new Access(rules);
  const warm = new Warm({
    pullThrough,
    metadata,
    clock,
    events: observeWarm(log, metrics),
    resolve: (image) => mirroredImages(image, naming, rules.isAllowed),
  });
  closing.add(() => warm.close());
  const authentication = await createAuthentication(config, { log, metrics, clock, closing });
  const services = {
    naming,
    access,
    authenticator: new Authenticator(access, authentication),
    authentication,
    content: new Content({ metadata, blobs, pullThrough, bytes, damaged, uses, clock }),
    lists: new Lists(metadata, pullThrough),
    deletes: new Deletes(metadata, blobs, locks),
    pushBlob,
    pushManifest: new PushManifest({ metadata, pullThrough, bytes, clock }),
    metadata,
    warm,
    facts: {
      version: readVersion(),
      startedAt: clock.now(),
      host: config.listen.host,
      tls: config.listen.tls !== null,
      defaultUpstream: config.defaultUpstream,
      offline: config.offline,
      storage: config.storage,
    },
    inventory: createInventory({
      metadata,
      blobs,
      bytes,
      mirrors,
      pins,
      usage,
      misses,
      upstreams: new Upstreams(config.upstreams, mirrors, config.offline),
    }),
    pullThrough,
    blobs,
    upkeep,
    clock,
    accelRedirect,
  };
  const health = {
    probe: async () => {
      await blobs.probe();
      await metadata.probe();
    },
    metrics: (isShown: (upstream: WholeUpstream) => boolean) =>
      metrics.render((upstream) => isShown({ kind: 'upstream', upstream })),
  };
  const parts = { services, health, page: await loadPage(page) };
  const servers = await HttpServers.listen(
    {
      ...config.listen,
      ...(limits && { limits }),
      log,
      onRequest: (request) => {
        metrics.request(request);
        logRequest(log, request);
        if (request.content) usage.served(request.content, request.sentBytes);
        if (request.status === STORE_FULL) upkeep.evictSoon();
      },
    },
    createRouter(parts),
    createMirrorRouter(parts),
  );
  const schedule = new WarmSchedule(warm, config.offline ? [] : config.warm, (error) =>
    log.error({ err: error }, 'fetching images ahead failed'),
  );
  closing.add(() => schedule.close());
  return {
    address: { ...servers.address, tls: config.listen.tls !== null },
    mirrorPort: servers.mirrorPort,
    upkeep,
    shadowed: async () => {
      const hosts = Object.entries(config.upstreams).flatMap(([name, { aliases }]) => [
        name,
        ...aliases,
      ]);
      const lists = await Promise.all(hosts.map((host) => shadowedRepositories(metadata, host)));
      return lists.flat();
    },
    close: async (graceMs) => {
      closing.add(() => servers.close(graceMs));
      await closing.close();
    },
  };
}
