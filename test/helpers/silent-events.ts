import type { PullThroughEvents } from '../../src/pull-through/events.ts';

export function ignore(): void {
  // Nobody listens here.
}

/** Of a pull-through that nobody watches. */
export const SILENT_EVENTS: PullThroughEvents = {
  fillStarted: ignore,
  fillSized: ignore,
  fillResumed: ignore,
  fillCommitted: ignore,
  fillFailed: ignore,
  missed: ignore,
  servedStale: ignore,
  backgroundFailure: ignore,
  breakerChanged: ignore,
};
