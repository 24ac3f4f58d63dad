/**
 * What a full disk leaves: a blob straight from upstream to one client, not kept. It is hashed from its first byte on
 * and its end is withheld until the digest has been verified, so it is as safe as a fill; only it is not shared.
 */
import { createHash } from 'node:crypto';
import { type Digest, digestAlgorithm, finishDigest } from '../oci/digest.ts';
import type { MirroredRepository } from '../oci/repository.ts';
import {
  type Bytes,
  type ByteSpan,
  DigestMismatchError,
  StoreFullError,
  WITHHELD,
} from '../store/blob-store.ts';
import { closableBytes } from '../store/closable-bytes.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Fill } from './fill.ts';
import { UpstreamBody } from './upstream-body.ts';

export interface PassThroughOptions {
  readonly upstream: Upstream;
  readonly repository: MirroredRepository;
  readonly digest: Digest;
  readonly size: number | undefined;
}

type OpenSpan = { readonly start: number; readonly end?: number };

/** The bytes of a span, from upstream. Leaving closes the connection. */
export function passThrough(options: PassThroughOptions, span: OpenSpan): Bytes {
  return closableBytes(async function* pass(left) {
    const { digest, size } = options;
    const body = new UpstreamBody({ ...options, signal: left, onHead: ignore, onResume: ignore });
    const algorithm = digestAlgorithm(digest);
    const hash = createHash(algorithm);
    let withheld: Buffer = Buffer.alloc(0);
    let position = 0;
    for await (const chunk of body.from(0)) {
      hash.update(chunk);
      const known = Buffer.concat([withheld, chunk]);
      const end = Math.max(0, known.byteLength - WITHHELD);
      yield* within(known.subarray(0, end), position, span);
      position += end;
      withheld = known.subarray(end);
    }
    const actual = finishDigest(hash, algorithm);
    if (actual !== digest) throw new DigestMismatchError(digest, actual);
    if (size === undefined || span.start < size) yield* within(withheld, position, span);
  });
}

/** Follows a fill, and goes on without it where the disk fills up meanwhile. */
export function followOrPassThrough(
  fill: Fill,
  options: PassThroughOptions,
  span: OpenSpan,
): Bytes {
  return closableBytes(async function* follow(left) {
    let position = span.start;
    const leave = fill.join();
    try {
      for await (const chunk of leavable(fill.follow(span), left)) {
        yield chunk;
        position += chunk.byteLength;
      }
    } catch (error) {
      if (!(error instanceof StoreFullError)) throw error;
      const rest =
        span.end === undefined ? { start: position } : { start: position, end: span.end };
      yield* leavable(passThrough(options, rest), left);
    } finally {
      leave();
    }
  });
}

/** Leaves `bytes` as soon as `left` aborts, also in the middle of a wait. */
function leavable(bytes: Bytes, left: AbortSignal): Bytes {
  const iterator = bytes[Symbol.asyncIterator]();
  left.addEventListener('abort', () => void iterator.return?.(), { once: true });
  return { [Symbol.asyncIterator]: () => iterator };
}

/** The part of `bytes`, which begin at `position`, that lies within the span. */
function* within(bytes: Uint8Array, position: number, span: OpenSpan): Generator<Uint8Array> {
  const whole: ByteSpan = { start: position, end: position + bytes.byteLength };
  const start = Math.max(whole.start, span.start);
  const end = Math.min(whole.end, span.end ?? whole.end);
  if (start < end) yield bytes.subarray(start - position, end - position);
}

function ignore(): void {
  // A fill tells of its progress; here there is nothing to be kept that anybody would ask about.
}
