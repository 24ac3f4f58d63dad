import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChunkRange, parseRange } from '../../src/http/range.ts';

const whole = { kind: 'whole' };
const unsatisfiable = { kind: 'unsatisfiable' };
const spans = (...pairs: [number, number][]) => ({
  kind: 'spans',
  spans: pairs.map(([start, end]) => ({ start, end })),
});

const table: [title: string, header: string | undefined, size: number, expected: object][] = [
  ['no header is the whole', undefined, 1000, whole],
  ['a closed range ends inclusively', 'bytes=500-599', 1000, spans([500, 600])],
  ['an open range runs to the end', 'bytes=500-', 1000, spans([500, 1000])],
  ['a suffix counts from the end', 'bytes=-200', 1000, spans([800, 1000])],
  ['a suffix longer than the content is all of it', 'bytes=-2000', 1000, spans([0, 1000])],
  ['an end behind the content is clamped', 'bytes=900-5000', 1000, spans([900, 1000])],
  ['a start behind the content cannot be satisfied', 'bytes=1000-', 1000, unsatisfiable],
  ['a range that ends before it starts cannot be satisfied', 'bytes=500-0', 1000, unsatisfiable],
  ['an empty suffix cannot be satisfied', 'bytes=-0', 1000, unsatisfiable],
  ['nothing of an empty blob can be satisfied', 'bytes=0-', 0, unsatisfiable],
  ['several ranges are kept in order', 'bytes=0-1, 5-6,-1', 10, spans([0, 2], [5, 7], [9, 10])],
  ['of several only the satisfiable count', 'bytes=0-1,50-60', 10, spans([0, 2])],
  ['ranges that repeat the content are ignored', 'bytes=0-,0-,0-', 10, whole],
  ['another unit is ignored', 'items=0-1', 10, whole],
  ['what is malformed is ignored', 'bytes=a-b', 10, whole],
  ['a lone dash is ignored', 'bytes=-', 10, whole],
  ['a hundred ranges are ignored', `bytes=${Array(100).fill('0-0').join(',')}`, 10, whole],
];

for (const [title, header, size, expected] of table) {
  test(`Range: ${title}`, () => assert.deepEqual(parseRange(header, size), expected));
}

test('a chunk range is two numbers, with "bytes " forgiven', () => {
  assert.deepEqual(parseChunkRange('0-99'), { first: 0, last: 99 });
  assert.deepEqual(parseChunkRange('bytes 5-5'), { first: 5, last: 5 });
  for (const wrong of [
    '5-4',
    '-4',
    '4-',
    'bytes=0-4',
    '0-4/5',
    '0x1-2',
    '1-2-3',
    `0-${'9'.repeat(20)}`,
  ]) {
    assert.equal(parseChunkRange(wrong), undefined, wrong);
  }
});
