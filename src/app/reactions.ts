import type { PullThroughEvents } from '../pull-through/events.ts';
import { StoreFullError } from '../store/blob-store.ts';

/**
 * Lets parts act on what the engine tells. A fill needs room when its size is told, takes it when it is committed, and tells when there
 * is none.
 */
export function reacting(
  events: PullThroughEvents,
  { evictSoon, missed }: Pick<PullThroughEvents, 'missed'> & { readonly evictSoon: () => void },
): PullThroughEvents {
  return {
    ...events,
    missed: (miss) => {
      events.missed(miss);
      missed(miss);
    },
    fillSized: (fill) => {
      events.fillSized(fill);
      evictSoon();
    },
    fillCommitted: (fill) => {
      events.fillCommitted(fill);
      evictSoon();
    },
    fillFailed: (fill) => {
      events.fillFailed(fill);
      if (fill.cause instanceof StoreFullError) evictSoon();
    },
  };
}
