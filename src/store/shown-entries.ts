import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Found } from './inventory-records.ts';

/** Entries of one look at least: where much is hidden, few looks of some tenths of a millisecond each. */
const MIN_LOOK = 200;

/**
 * The entries of a listing behind `after` that who asks is shown: `wanted` of them or a few more, fewer only where there are no
 * more. What is hidden in between must not show, neither by a short page nor by the name that a page ends with; so it is
 * walked over to its end, however long that is, and others have their turn meanwhile.
 */
export async function shownEntries<Entry>(
  { after, wanted }: { readonly after: string | undefined; readonly wanted: number },
  look: (page: {
    readonly after: string | undefined;
    readonly limit: number;
  }) => Promise<Found<Entry>>,
  isShown: (entry: Entry) => boolean,
): Promise<readonly Entry[]> {
  const shown: Entry[] = [];
  const limit = Math.max(wanted, MIN_LOOK);
  let position = after;
  for (;;) {
    const { entries, next } = await look({ after: position, limit });
    shown.push(...entries.filter(isShown));
    if (shown.length >= wanted || next === undefined) return shown;
    position = next;
    await nextTurn();
  }
}
