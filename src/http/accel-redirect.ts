/**
 * `X-Accel-Redirect`: nginx sends a held blob by itself, straight from the file. It says by `X-Sendfile-Type` that it can, so
 * that whoever connects in another way gets the bytes from here.
 */
import type { BlobContent } from '../registry/content.ts';
import type { ByteSpan } from '../store/blob-store.ts';
import type { Context } from './context.ts';

/**
 * Hands the answer over to nginx. False where that may not be: then nothing has been set.
 * @param prefix - the path of nginx's internal location for the folder of all blobs
 * @param span - what is asked for; undefined: the whole
 */
export function sendByProxy(
  ctx: Context,
  blob: BlobContent,
  prefix: string | null,
  span?: ByteSpan,
): boolean {
  const { file, size } = blob;
  if (prefix === null || file === undefined || size === undefined) return false;
  if (ctx.get('X-Sendfile-Type').toLowerCase() !== 'x-accel-redirect') return false;
  if (ONLY_HERE.some((condition) => ctx.get(condition) !== '')) return false;
  ctx.set('X-Accel-Redirect', prefix + file);
  // nginx says so too, behind what it takes over from here.
  ctx.remove('Accept-Ranges');
  ctx.status = 200;
  ctx.respond = false;
  ctx.res.end();
  // What nginx will send; whether it gets all of it through is not told here.
  ctx.state.sentBytes = span === undefined ? size : span.end - span.start;
  return true;
}

/** Conditions that nginx would compare with the file's own time and tag, which say nothing about a blob. */
const ONLY_HERE = ['If-Range', 'If-Match', 'If-Modified-Since', 'If-Unmodified-Since'];
