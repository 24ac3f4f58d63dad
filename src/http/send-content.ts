/** Sends stored or arriving content: HEAD, GET, Range and If-None-Match, for manifests and blobs alike. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Digest } from '../oci/digest.ts';
import { OciError } from '../oci/error-codes.ts';
import type { BlobContent } from '../registry/content.ts';
import type { Bytes, ByteSpan } from '../store/blob-store.ts';
import { sendByProxy } from './accel-redirect.ts';
import { cacheStatus } from './cache-status.ts';
import type { Context } from './context.ts';
import { ClientGoneError } from './errors.ts';
import { parseRange } from './range.ts';
import type { Outcome } from '../pull-through/outcome.ts';

const BLOB_TYPE = 'application/octet-stream';
/** Content by digest never changes (one year, as the peers say it). */
const IMMUTABLE = 'max-age=31536000';

/** The headers that any content answer carries. */
export function setContentHeaders(ctx: Context, digest: Digest, outcome: Outcome): void {
  ctx.state.outcome = outcome;
  ctx.set({
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    'Cache-Status': cacheStatus(outcome),
    'X-Content-Type-Options': 'nosniff',
  });
}

/** RFC 9110 §13.1.2; Docker's own registry also takes the digest without quotes. */
export function isNotModified(ctx: Context, digest: Digest): boolean {
  const tags = ctx.get('If-None-Match');
  if (tags === '') return false;
  return tags.split(',').some((tag) => {
    const bare = tag.trim().replace(/^W\//, '');
    return bare === '*' || bare === `"${digest}"` || bare === digest;
  });
}

export function sendNotModified(ctx: Context): void {
  ctx.status = 304;
  ctx.body = null;
}

/** HEAD of a blob. */
export function sendBlobHead(ctx: Context, size: number | undefined): void {
  ctx.status = 200;
  ctx.set({ 'Content-Type': BLOB_TYPE, 'Cache-Control': IMMUTABLE, 'Accept-Ranges': 'bytes' });
  ctx.respond = false;
  if (size !== undefined) ctx.set('Content-Length', String(size));
  ctx.res.end();
}

/**
 * GET of a blob: 200, 206 (also of one that is still arriving), multipart/byteranges, or 416.
 * @param accelRedirect - where nginx in front of this server finds the folder of all blobs, if it does
 */
export async function sendBlob(
  ctx: Context,
  blob: BlobContent,
  accelRedirect: string | null,
): Promise<void> {
  const { size } = blob;
  ctx.set({ 'Content-Type': BLOB_TYPE, 'Cache-Control': IMMUTABLE });
  // Without a length there is nothing to tell a range by: the whole, chunked, is the honest answer.
  if (size === undefined) return send(ctx, 200, undefined, await blob.open());
  ctx.set('Accept-Ranges', 'bytes');
  const range = parseRange(wantsRange(ctx, blob.digest), size);
  switch (range.kind) {
    case 'whole':
      // A range that is ignored here may well mean something to nginx.
      if (ctx.get('Range') === '' && sendByProxy(ctx, blob, accelRedirect)) return;
      if (await sendSmall(ctx, blob)) return;
      return send(ctx, 200, size, await blob.open());
    case 'unsatisfiable':
      throw new OciError('SIZE_INVALID', {
        status: 416,
        message: 'the range is outside of the blob',
        headers: { 'Content-Range': `bytes */${size}` },
      });
    case 'spans': {
      const [span, ...more] = range.spans;
      if (more.length > 0) return sendParts(ctx, blob, size, range.spans);
      if (sendByProxy(ctx, blob, accelRedirect, span)) return;
      ctx.set('Content-Range', contentRange(span, size));
      return send(ctx, 206, span.end - span.start, await blob.open(span));
    }
  }
}

/** False: its bytes are not in memory. */
async function sendSmall(ctx: Context, blob: BlobContent): Promise<boolean> {
  const body = await blob.small?.();
  if (!body) return false;
  ctx.status = 200;
  ctx.set('Content-Length', String(body.byteLength));
  ctx.respond = false;
  ctx.state.sentBytes = body.byteLength;
  if (blob.again) ctx.state.again = { ...blob.again, body };
  ctx.res.end(body);
  return true;
}

/** RFC 9110 §13.1.5: a range under a validator that does not match is no range. */
function wantsRange(ctx: Context, digest: Digest): string | undefined {
  const range = ctx.get('Range');
  const condition = ctx.get('If-Range');
  if (range === '' || (condition !== '' && condition !== `"${digest}"`)) return undefined;
  return range;
}

function contentRange(span: ByteSpan, size: number): string {
  return `bytes ${span.start}-${span.end - 1}/${size}`;
}

/** RFC 9110 §14.6, for clients that pick files out of a layer (zstd:chunked, stargz). */
async function sendParts(
  ctx: Context,
  blob: BlobContent,
  size: number,
  spans: readonly ByteSpan[],
): Promise<void> {
  const boundary = randomUUID();
  const parts = spans.map((span) => ({
    span,
    head: Buffer.from(
      `\r\n--${boundary}\r\nContent-Type: ${BLOB_TYPE}\r\nContent-Range: ${contentRange(span, size)}\r\n\r\n`,
    ),
  }));
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const length = parts.reduce(
    (sum, { span, head }) => sum + head.byteLength + span.end - span.start,
    tail.byteLength,
  );
  ctx.set('Content-Type', `multipart/byteranges; boundary=${boundary}`);
  await send(ctx, 206, length, allParts());

  async function* allParts(): AsyncGenerator<Uint8Array> {
    for (const { span, head } of parts) {
      yield head;
      yield* await blob.open(span);
    }
    yield tail;
  }
}

async function send(
  ctx: Context,
  status: number,
  length: number | undefined,
  bytes: Bytes,
): Promise<void> {
  ctx.status = status;
  if (length !== undefined) ctx.set('Content-Length', String(length));
  // From here on the body is ours, chunk by chunk, at the client's speed; Koa would buffer or pipe it.
  ctx.respond = false;
  const { res } = ctx;
  // Headers wait for bytes that are at hand, to leave with them; never for bytes that upstream has yet to send.
  if (ctx.state.outcome?.kind !== 'hit') res.flushHeaders();
  const iterator = bytes[Symbol.asyncIterator]();
  // Leaving at once also ends a wait for bytes that upstream has yet to send.
  const leave = (): void => void iterator.return?.();
  res.once('close', leave);
  try {
    for await (const chunk of { [Symbol.asyncIterator]: () => iterator }) {
      await write(res, chunk);
      ctx.state.sentBytes = (ctx.state.sentBytes ?? 0) + chunk.byteLength;
    }
    if (res.closed) throw new ClientGoneError('the client closed the connection');
  } finally {
    res.off('close', leave);
  }
  res.end();
}

/**
 * Resolves when the chunk has been handed to the kernel, so that its memory may be used again. A connection that closes does not
 * always call back for what was being written.
 */
function write(res: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new ClientGoneError('the client closed the connection'));
    if (res.closed) return gone();
    res.once('close', gone);
    res.write(chunk, (error) => {
      res.off('close', gone);
      if (error) gone();
      else resolve();
    });
  });
}
