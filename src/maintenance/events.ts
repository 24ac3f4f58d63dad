/** What upkeep tells whoever listens (logs, metrics). It knows neither. */
import type { Collected } from './collect.ts';
import type { Evicted } from './evict.ts';
import type { Swept } from './sweep.ts';
import type { Verified } from './verify.ts';

export interface UpkeepEvents {
  /** A run that found nothing to do is told too. */
  evicted(run: Evicted): void;
  collected(run: Collected): void;
  swept(run: Swept): void;
  orphansSwept(count: number): void;
  verified(run: Verified): void;
  failed(failure: { readonly what: string; readonly cause: unknown }): void;
}
