/** `POST /api/v1/warm`: images into the cache ahead of need, told line by line. */
import { type WarmLine, warmRequest } from '../../api/warm.ts';
import { OciError } from '../../oci/error-codes.ts';
import { parsePlatform, type Platform } from '../../oci/platform.ts';
import type { Handler } from '../context.ts';
import type { Services } from '../services.ts';
import { AnswerLines } from './answer-lines.ts';
import { readJson } from './read-json.ts';

/** A client that leaves stops what has not begun; fills that are under way go on. */
export function warmImages({ warm }: Services): Handler {
  return async (ctx) => {
    const { platforms, ...rest } = await readJson(ctx, warmRequest);
    const list = { ...rest, platforms: platforms.map(requirePlatform) };
    const gone = new AbortController();
    const leave = (): void => gone.abort(new Error('the client left'));
    ctx.res.once('close', leave);
    const lines = new AnswerLines<WarmLine>(ctx);
    try {
      const run = await warm.run(
        list,
        (progress) => lines.write(progress, progress.image),
        gone.signal,
      );
      lines.end({ done: true, failed: run.failures.length });
    } catch (error) {
      lines.fail(error);
    } finally {
      ctx.res.off('close', leave);
    }
  };
}

function requirePlatform(text: string): Platform {
  const platform = parsePlatform(text);
  if (platform) return platform;
  throw new OciError('UNSUPPORTED', {
    status: 400,
    message: `${text} is no platform such as linux/amd64`,
  });
}
