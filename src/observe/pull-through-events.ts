import { displayName } from '../oci/repository.ts';
import type { FillInfo, Miss, PullThroughEvents } from '../pull-through/events.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Tells the log and the metrics what the engine does. */
export function observePullThrough(log: Logger, metrics: Metrics): PullThroughEvents {
  return {
    fillStarted: ({ resumedFrom, ...fill }) =>
      log.debug({ ...about(fill), resumedFrom }, 'fetching a blob'),
    fillSized: ({ size, ...fill }) => log.debug({ ...about(fill), size }, 'a blob arrives'),
    fillResumed: ({ at, cause, ...fill }) =>
      log.warn({ ...about(fill), at, err: cause }, 'upstream dropped a blob, going on'),
    fillCommitted: ({ size, ...fill }) => log.info({ ...about(fill), size }, 'blob kept'),
    fillFailed: ({ at, cause, ...fill }) =>
      log.warn({ ...about(fill), at, err: cause }, 'blob not kept'),
    missed: ({ repository, kind, reference, cause }) =>
      log.debug(
        { repository: displayName(repository), reference, cause: causeText(cause) },
        `${kind} missed`,
      ),
    servedStale: ({ repository, tag, cause }) =>
      log.warn(
        { repository: displayName(repository), tag, err: cause },
        'upstream failed, a held tag was served',
      ),
    backgroundFailure: ({ what, cause }) => log.warn({ err: cause }, `failed: ${what}`),
    breakerChanged: ({ upstream, open, forMs }) => {
      metrics.breaker(upstream, open);
      if (open)
        log.warn({ upstream, forMs }, 'upstream keeps failing and is left alone for a while');
      else log.info({ upstream }, 'upstream answers again');
    },
  };
}

function about({ repository, digest }: FillInfo): { repository: string; digest: string } {
  return { repository: displayName(repository), digest };
}

function causeText(cause: Miss['cause']): string {
  return typeof cause === 'string' ? cause : cause.message;
}
