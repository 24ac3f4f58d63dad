import type { WarmEvents } from '../maintenance/warm.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

/** Tells the log and the metrics of images fetched ahead. */
export function observeWarm(log: Logger, metrics: Metrics): WarmEvents {
  return {
    warmed: ({ images, bytes, durationMs, failures, unreferred }) => {
      const postponed = failures.filter((failure) => failure.postponed).length;
      const failed = failures.length - postponed;
      metrics.warmed({ held: images - failures.length, postponed, failed });
      log.info({ images, bytes, durationMs, postponed, failed }, 'images fetched ahead');
      for (const { image, cause, postponed: onPurpose } of failures) {
        if (onPurpose) log.info({ image, err: cause }, 'image put off');
        else log.warn({ image, err: cause }, 'image not fetched ahead');
      }
      for (const { image, cause } of unreferred) {
        log.warn({ image, err: cause }, 'referrers not fetched ahead');
      }
    },
  };
}
