import type * as z from 'zod';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { type Failure, failureOf, isPassing } from './failure.ts';
import { get } from './request.ts';

export type Answer<T> =
  | { readonly state: 'waiting' }
  /** `failure`: it could not be had again since. */
  | { readonly state: 'here'; readonly value: T; readonly failure: Failure | undefined }
  | { readonly state: 'failed'; readonly failure: Failure };

export interface Watched<T> {
  readonly answer: Answer<T>;
  /** Asks again now. */
  readonly reload: () => void;
}

interface Kept<T> {
  readonly path: string;
  readonly answer: Answer<T>;
}

export interface Watching {
  /** Asked again so long after each answer, while the page is in sight; ms. */
  readonly everyMs?: number;
  /** Asked again when this changes. */
  readonly revision?: number | string;
}

/**
 * The answer to a GET. What was there stays until the next answer is in, so that nothing flickers; another path begins
 * anew.
 */
export function useAnswer<T>(
  schema: z.ZodType<T>,
  path: string,
  { everyMs, revision }: Watching = {},
): Watched<T> {
  const [kept, setKept] = useState<Kept<T>>({ path, answer: { state: 'waiting' } });
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((before) => before + 1), []);

  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      clearTimeout(timer);
      const answer = await answerOf(schema, path, leaving.signal);
      if (leaving.signal.aborted) return;
      setKept((before) => next(before, path, answer));
      if (everyMs !== undefined) timer = setTimeout(askInSight, everyMs);
    };
    const askInSight = (): void => {
      if (!document.hidden) void ask();
    };
    void ask();
    if (everyMs !== undefined) document.addEventListener('visibilitychange', askInSight);
    return () => {
      leaving.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', askInSight);
    };
  }, [schema, path, everyMs, revision, turn]);

  return { answer: kept.path === path ? kept.answer : { state: 'waiting' }, reload };
}

async function answerOf<T>(
  schema: z.ZodType<T>,
  path: string,
  signal: AbortSignal,
): Promise<Answer<T>> {
  try {
    return { state: 'here', value: await get(schema, path, signal), failure: undefined };
  } catch (error) {
    return { state: 'failed', failure: failureOf(error) };
  }
}

/** A failure does not take away what was there, unless it says that this is gone or no longer to be seen. */
function next<T>(before: Kept<T>, path: string, answer: Answer<T>): Kept<T> {
  const passing = answer.state === 'failed' && isPassing(answer.failure);
  if (passing && before.path === path && before.answer.state === 'here') {
    return { path, answer: { ...before.answer, failure: answer.failure } };
  }
  return { path, answer };
}
