/** The `Range` grammar (RFC 9110 §14) and the shorter one of upload chunks (distribution-spec, "Pushing a blob in chunks"). */
import type { ByteSpan } from '../store/blob-store.ts';

export type RequestedRange =
  /** No range, or one that RFC 9110 lets a server ignore: the whole content is the answer. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'spans'; readonly spans: readonly [ByteSpan, ...ByteSpan[]] }
  | { readonly kind: 'unsatisfiable' };

const WHOLE: RequestedRange = { kind: 'whole' };
/** Clients of partial images ask for a few dozen; more is somebody who wants the server to work (RFC 9110 §14.2). */
const MAX_SPANS = 64;

/** Reads a `Range` header for content of `size` bytes. */
export function parseRange(header: string | undefined, size: number): RequestedRange {
  if (header === undefined) return WHOLE;
  const unit = /^bytes=(.+)$/i.exec(header.trim())?.[1];
  if (unit === undefined) return WHOLE;
  const parts = unit.split(',');
  if (parts.length > MAX_SPANS) return WHOLE;
  const spans: ByteSpan[] = [];
  for (const part of parts) {
    const bounds = /^\s*(\d*)-(\d*)\s*$/.exec(part);
    if (!bounds) return WHOLE;
    const [, first = '', last = ''] = bounds;
    if (first === '' && last === '') return WHOLE;
    const span = toSpan(first, last, size);
    if (span) spans.push(span);
  }
  // Ranges over each other would have one request answered with many times the content (RFC 9110 §17.15).
  if (spans.reduce((sum, { start, end }) => sum + end - start, 0) > size) return WHOLE;
  const [head, ...rest] = spans;
  return head ? { kind: 'spans', spans: [head, ...rest] } : { kind: 'unsatisfiable' };
}

function toSpan(first: string, last: string, size: number): ByteSpan | undefined {
  if (first === '') {
    const start = Math.max(0, size - Number(last));
    return start < size ? { start, end: size } : undefined;
  }
  const start = Number(first);
  // `500-0` may be ignored as malformed; the conformance suite wants it refused as unsatisfiable.
  const end = last === '' ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : undefined;
}

/** `Content-Range` of a chunk: `<first>-<last>`, inclusive, without a unit; `bytes ` before it is forgiven. */
export function parseChunkRange(
  header: string,
): { readonly first: number; readonly last: number } | undefined {
  const bounds = /^(?:bytes )?(\d{1,15})-(\d{1,15})$/.exec(header.trim());
  if (!bounds) return undefined;
  const first = Number(bounds[1]);
  const last = Number(bounds[2]);
  return first <= last ? { first, last } : undefined;
}
