import type { UpkeepEvents } from '../maintenance/events.ts';
import type { BlobDamage } from '../store/damaged-blobs.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Tells the log and the metrics of upkeep. Runs that found nothing to do are not worth a line. */
export function observeUpkeep(log: Logger, metrics: Metrics): UpkeepEvents {
  let short = false;
  return {
    evicted: (run) => {
      metrics.evicted(run);
      if (run.manifests + run.blobs > 0) log.info({ ...run }, 'mirrored content evicted');
      // Eviction runs every minute: once is enough, until there is room again.
      if (run.shortfall > 0 && !short) {
        log.warn(
          { shortfall: run.shortfall },
          'storage.maxSize or storage.minFree is exceeded, and nothing is left to evict',
        );
      }
      short = run.shortfall > 0;
    },
    collected: (run) => {
      metrics.collected(run);
      if (run.links + run.blobs > 0) log.info({ ...run }, 'unreferenced hosted blobs collected');
    },
    swept: (run) => {
      if (run.uploads + run.unfinished > 0) log.info({ ...run }, 'leftovers removed');
    },
    orphansSwept: (count) => {
      if (count > 0) log.info({ count }, 'files without a record removed');
    },
    verified: ({ blobs, manifests, bytes, damaged, unreadable, lost }) => {
      const found = { blobs, manifests, bytes, damaged: damaged.length };
      if (bytes > 0 || damaged.length > 0) log.info(found, 'stored content verified');
      for (const { digest, cause } of unreadable)
        log.error({ digest, err: cause }, 'a blob cannot be read');
      for (const digest of lost)
        log.error({ digest }, 'hosted content is damaged, and lost until it is pushed again');
    },
    failed: ({ what, cause }) => log.error({ err: cause }, `${what} failed`),
  };
}

/** Lost hosted content is the one thing that nobody but the operator can bring back. */
export function observeDamage(log: Logger, metrics: Metrics): (damage: BlobDamage) => void {
  return ({ digest, hosted, problem }) => {
    metrics.damaged(hosted ? 'hosted' : 'mirrored');
    if (hosted) log.error({ digest, problem }, 'a hosted blob is damaged and was set aside');
    else log.warn({ digest, problem }, 'a mirrored blob was damaged and will be fetched again');
  };
}
