import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSize, parseSize } from '../../src/config/sizes.ts';

test('KB to TB are powers of 1000, KiB to TiB powers of 1024', () => {
  assert.equal(parseSize('512B'), 512);
  assert.equal(parseSize('3KB'), 3000);
  assert.equal(parseSize('500MB'), 500_000_000);
  assert.equal(parseSize('50GB'), 50_000_000_000);
  assert.equal(parseSize('2TB'), 2_000_000_000_000);
  assert.equal(parseSize('3KiB'), 3072);
  assert.equal(parseSize('1MiB'), 1_048_576);
  assert.equal(parseSize('2GiB'), 2_147_483_648);
  assert.equal(parseSize('1TiB'), 1_099_511_627_776);
});

test('what is no whole number and unit is no size', () => {
  for (const text of [
    '',
    '5',
    'GB',
    '5 GB',
    '1.5GB',
    '-1GB',
    '5gb',
    '5G',
    '5Gi',
    '5GBB',
    '99999999TB',
  ])
    assert.equal(parseSize(text), undefined, JSON.stringify(text));
});

test('a formatted size uses the largest unit that is exact and parses back', () => {
  for (const [bytes, text] of [
    [0, '0B'],
    [1500, '1500B'],
    [50_000_000_000, '50GB'],
    [1_073_741_824, '1GiB'],
  ] as const) {
    assert.equal(formatSize(bytes), text);
    assert.equal(parseSize(text), bytes);
  }
});
