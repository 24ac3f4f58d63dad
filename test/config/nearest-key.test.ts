import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestKey } from '../../src/config/nearest-key.ts';

const KEYS = ['listen', 'storage', 'upstreams', 'defaultUpstream', 'tls'];

test('a slip of the finger finds the key that was meant', () => {
  assert.equal(nearestKey('listn', KEYS), 'listen');
  assert.equal(nearestKey('Storage', KEYS), 'storage');
  assert.equal(nearestKey('upstream', KEYS), 'upstreams');
  assert.equal(nearestKey('tsl', KEYS), 'tls');
});

test('another word finds none', () => {
  assert.equal(nearestKey('proxy', KEYS), undefined);
  assert.equal(nearestKey('x', KEYS), undefined);
  assert.equal(nearestKey('', KEYS), undefined);
});
