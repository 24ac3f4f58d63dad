import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshness } from '../../src/pull-through/freshness.ts';

const policy = {
  maxAge: 100,
  staleWhileRevalidate: 50,
  staleIfError: 1000,
  negativeMaxAge: 10,
  whenDeleted: 'not-found',
  minAge: 0,
  whenNew: 'refuse',
} as const;
const checkedAt = 10_000;

const table: [title: string, now: number, expected: object][] = [
  ['fresh until maxAge', 10_099, { state: 'fresh' }],
  ['servable within stale-while-revalidate', 10_100, { state: 'stale', servable: true, age: 0 }],
  ['stale behind it', 10_151, { state: 'stale', servable: false, age: 51 }],
  ['stale until the end of stale-if-error', 11_100, { state: 'stale', servable: false, age: 1000 }],
  ['expired behind that', 11_101, { state: 'expired', age: 1001 }],
  [
    'not fresh where the clock was set back',
    9_000,
    { state: 'stale', servable: false, age: -1100 },
  ],
];

for (const [title, now, expected] of table) {
  test(`a tag is ${title}`, () => assert.deepEqual(freshness(checkedAt, policy, now), expected));
}
