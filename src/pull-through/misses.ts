import { UpstreamError } from '../upstream/errors.ts';
import type { Miss, PullThroughEvents } from './events.ts';
import { TooYoungError } from './min-age.ts';
import type { Outcome } from './outcome.ts';

/** Settles as `answer` does, and tells if it was a miss. */
export async function tellingMiss<Answer extends { readonly outcome: Outcome }>(
  events: Pick<PullThroughEvents, 'missed'>,
  what: Omit<Miss, 'cause'>,
  answer: Promise<Answer>,
): Promise<Answer> {
  try {
    const answered = await answer;
    const { outcome } = answered;
    if (outcome.kind === 'miss' && !outcome.collapsed) events.missed({ ...what, cause: 'absent' });
    if (outcome.kind === 'updated' && !outcome.collapsed) {
      events.missed({ ...what, cause: 'moved' });
    }
    return answered;
  } catch (cause) {
    if (cause instanceof UpstreamError || cause instanceof TooYoungError) {
      events.missed({ ...what, cause });
    }
    throw cause;
  }
}
