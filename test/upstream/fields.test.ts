import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContentRange } from '../../src/upstream/got/content-range.ts';
import { nextLink } from '../../src/upstream/got/next-link.ts';
import { rateLimitOf } from '../../src/upstream/got/rate-limit.ts';
import { parseRetryAfter } from '../../src/upstream/got/retry-after.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');

const waits: readonly [field: string | undefined, expected: number | undefined][] = [
  ['0', 0],
  ['7', 7000],
  [' 30 ', 30_000],
  ['Tue, 01 Jan 2030 00:01:00 GMT', 60_000],
  ['Tue, 01 Jan 2019 00:01:00 GMT', 0],
  ['99999999999', 6 * 3600 * 1000],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
];
for (const [field, expected] of waits) {
  test(`Retry-After ${field ?? '(none)'} means ${expected ?? 'nothing'}`, () => {
    assert.equal(parseRetryAfter(field, NOW), expected);
  });
}

const ranges: readonly [field: string | undefined, expected: object | undefined][] = [
  ['bytes 5-9/10', { start: 5, end: 10, size: 10 }],
  ['bytes 5-9/*', { start: 5, end: 10 }],
  ['Bytes 0-0/1', { start: 0, end: 1, size: 1 }],
  ['bytes 9-5/10', undefined],
  ['bytes 5-10/10', undefined],
  ['bytes */10', undefined],
  ['5-9/10', undefined],
  [undefined, undefined],
];
for (const [field, expected] of ranges) {
  test(`Content-Range ${field ?? '(none)'} is ${expected ? 'understood' : 'refused'}`, () => {
    assert.deepEqual(parseContentRange(field), expected);
  });
}

const links: readonly [link: string, expected: string | undefined][] = [
  ['</v2/x/tags/list?n=2&last=b>; rel="next"', 'https://r.example/v2/x/tags/list?n=2&last=b'],
  ['<?last=b>; rel=next', 'https://r.example/v2/x/tags/list?last=b'],
  ['<https://r.example/p>; title="a"; rel="prev next"', 'https://r.example/p'],
  ['</a,b;c>; rel="first", </d,e>; REL="next"', 'https://r.example/d,e'],
  ['</a>; rel="prev"', undefined],
  ['</a>; rel="nextish"', undefined],
  ['garbage', undefined],
];
for (const [link, expected] of links) {
  test(`Link ${link} goes on to ${expected ?? 'nowhere'}`, () => {
    const next = nextLink({ link }, new URL('https://r.example/v2/x/tags/list'));
    assert.equal(next?.href, expected);
  });
}

test("Docker Hub's rate limit is read, and its window", () => {
  const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' };
  assert.deepEqual(rateLimitOf(headers), { limit: 100, remaining: 76, windowSeconds: 21_600 });
});

test('no rate limit is told where one of its headers is missing', () => {
  assert.equal(rateLimitOf({ 'ratelimit-limit': '100;w=21600' }), undefined);
});
