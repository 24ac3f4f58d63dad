import type { BlobDamage } from '../store/damaged-blobs.ts';
import type { Logger } from './log.ts';

/** Lost hosted content is the one thing that nobody but the operator can bring back. */
export function logDamage(log: Logger): (damage: BlobDamage) => void {
  return ({ digest, hosted, problem }) => {
    if (hosted) log.error({ digest, problem }, 'a hosted blob is damaged and was set aside');
    else log.warn({ digest, problem }, 'a mirrored blob was damaged and will be fetched again');
  };
}
