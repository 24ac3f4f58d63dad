import { useState } from 'preact/hooks';
import { failureText } from './parts/answered.tsx';
import { tell, tellFailure } from './parts/notices.tsx';
import { failureOf } from './server/failure.ts';

export interface Action {
  readonly busy: boolean;
  /** Does it, and says what came of it. */
  readonly run: (work: () => Promise<string>) => void;
}

/** Something that a button does: one at a time, and its end is told. `work` resolves with what there is to tell. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const run = async (work: () => Promise<string>): Promise<void> => {
    setBusy(true);
    try {
      tell(await work());
    } catch (error) {
      tellFailure(failureText(failureOf(error)));
    } finally {
      setBusy(false);
    }
  };
  return { busy, run: (work) => void run(work) };
}
