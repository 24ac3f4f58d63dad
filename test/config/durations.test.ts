import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, MAX_DURATION, parseDuration } from '../../src/config/durations.ts';

test('every unit of a duration is read as milliseconds', () => {
  const spelled = {
    '250ms': 250,
    '30s': 30_000,
    '5m': 300_000,
    '6h': 21_600_000,
    '7d': 604_800_000,
  };
  for (const [text, ms] of Object.entries(spelled)) assert.equal(parseDuration(text), ms, text);
});

test('what is no whole number and unit is no duration', () => {
  for (const text of ['', '5', 's', '5 m', '1.5h', '-5m', '5M', '5m ', '5 minutes', '1e3s', '٣s'])
    assert.equal(parseDuration(text), undefined, JSON.stringify(text));
});

test('a duration ends at a hundred years, so that a stamp plus it stays exact', () => {
  assert.equal(parseDuration('36500d'), MAX_DURATION);
  assert.equal(parseDuration('36501d'), undefined);
  assert.ok(Number.isSafeInteger(Date.now() + MAX_DURATION));
});

test('a formatted duration uses the largest unit that is exact and parses back', () => {
  for (const [ms, text] of [
    [0, '0s'],
    [1500, '1500ms'],
    [90_000, '90s'],
    [300_000, '5m'],
    [86_400_000, '1d'],
  ] as const) {
    assert.equal(formatDuration(ms), text);
    assert.equal(parseDuration(text), ms);
  }
});
