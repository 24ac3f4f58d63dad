import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ticksUpTo } from '../../src/page/charts/ticks.ts';
import { formatAge, formatBytes, formatDay, formatShare } from '../../src/page/format.ts';
import { platformName, repositoryOf, shortDigest } from '../../src/page/image-name.ts';

test('bytes have three digits and the unit that fits', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [47_230_000, '47.2 MB'],
    [999_400, '999 kB'],
    [999_600, '1.00 MB'],
    [9_996_000, '10.0 MB'],
    [99_960_000, '100 MB'],
    [4e18, '4000 PB'],
    [-1_500_000, '−1.50 MB'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

test('a share never rounds to nothing or to all', () => {
  assert.equal(formatShare(0, 1000), '0 %');
  assert.equal(formatShare(1, 1000), '< 1 %');
  assert.equal(formatShare(505, 1000), '51 %');
  assert.equal(formatShare(999, 1000), '> 99 %');
  assert.equal(formatShare(1000, 1000), '100 %');
  assert.equal(formatShare(0, 0), '–');
});

test('ages have one unit, before and behind', () => {
  const now = 1_800_000_000_000;
  const second = 1000;
  const cases: readonly (readonly [number, string])[] = [
    [0, 'just now'],
    [40 * second, '40 s ago'],
    [-90 * second, 'in 2 min'],
    [3 * 3600 * second, '3 h ago'],
    [47 * 3600 * second, '47 h ago'],
    [12 * 86_400 * second, '12 days ago'],
  ];
  for (const [age, text] of cases) assert.equal(formatAge(now - age, now), text);
});

test('a day is the one that the server means, whatever the time zone', () => {
  assert.equal(formatDay('2026-11-21'), '21 Nov');
});

test('an axis has few round numbers and holds the largest value', () => {
  assert.deepEqual(ticksUpTo(0), [0, 1]);
  assert.deepEqual(ticksUpTo(1), [0, 1]);
  assert.deepEqual(ticksUpTo(47), [0, 20, 40, 60]);
  for (let max = 1; max < 1e16; max = Math.ceil(max * 1.37)) {
    const ticks = ticksUpTo(max);
    assert.ok(ticks.length <= 5, `${max}: ${ticks.join()}`);
    assert.ok((ticks.at(-1) ?? 0) >= max, `${max}: ${ticks.join()}`);
  }
});

test('names of images are taken apart', () => {
  assert.equal(repositoryOf('docker.io/library/alpine:3'), 'docker.io/library/alpine');
  assert.equal(repositoryOf('localhost:5000/app'), 'localhost:5000/app');
  assert.equal(repositoryOf('localhost:5000/app:1@sha256:ab'), 'localhost:5000/app');
  assert.equal(shortDigest('sha256:0123456789abcdef'), '0123456789ab');
  assert.equal(platformName({ os: 'linux', architecture: 'arm', variant: 'v7' }), 'linux/arm/v7');
});
