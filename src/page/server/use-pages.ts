import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Failure, failureOf, isPassing } from './failure.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** What the next page goes on behind; null at the end. */
  readonly next: string | null;
}

export type Pages<T> =
  | { readonly state: 'waiting' }
  | { readonly state: 'failed'; readonly failure: Failure }
  | {
      readonly state: 'here';
      readonly items: readonly T[];
      /** Asks for the next page; undefined at the end. */
      readonly more: (() => void) | undefined;
    };

type Kept<T> =
  | Exclude<Pages<T>, { state: 'here' }>
  | { readonly state: 'here'; readonly items: readonly T[]; readonly next: string | null };

/**
 * A listing, page after page. `load` has to be the same function as long as the same thing is listed; another one begins
 * anew. As long as there is one page only, a new `revision` reads that again.
 */
export function usePages<T>(
  load: (last: string | undefined) => Promise<Page<T>>,
  revision: number | string,
): Pages<T> {
  const [kept, setKept] = useState<Kept<T>>({ state: 'waiting' });
  const [firstOnly, setFirstOnly] = useState(true);
  /** Only the answer to the latest question counts. */
  const latest = useRef(0);

  const read = useCallback(
    async (before: readonly T[], last: string | undefined) => {
      latest.current += 1;
      const turn = latest.current;
      const now = await pageAfter(load, before, last);
      if (turn === latest.current) setKept((shown) => afterwards(shown, now));
    },
    [load],
  );

  useEffect(() => setFirstOnly(true), [load]);
  useEffect(() => {
    if (firstOnly) void read([], undefined);
  }, [read, revision, firstOnly]);

  if (kept.state !== 'here') return kept;
  const { items, next: last } = kept;
  const more = (): void => {
    setFirstOnly(false);
    void read(items, last ?? undefined);
  };
  return { state: 'here', items, more: last === null ? undefined : more };
}

async function pageAfter<T>(
  load: (last: string | undefined) => Promise<Page<T>>,
  before: readonly T[],
  last: string | undefined,
): Promise<Kept<T>> {
  try {
    const { items, next } = await load(last);
    return { state: 'here', items: [...before, ...items], next };
  } catch (error) {
    return { state: 'failed', failure: failureOf(error) };
  }
}

function afterwards<T>(shown: Kept<T>, now: Kept<T>): Kept<T> {
  const passing = now.state === 'failed' && isPassing(now.failure);
  return passing && shown.state === 'here' ? shown : now;
}
