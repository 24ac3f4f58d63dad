import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalizeRegistryHost } from '../../src/config/registry-host.ts';

test('a registry host is lower-cased and loses the default port, and no other', () => {
  assert.equal(normalizeRegistryHost('GHCR.io'), 'ghcr.io');
  assert.equal(normalizeRegistryHost('ghcr.io:443'), 'ghcr.io');
  assert.equal(normalizeRegistryHost('registry:5000'), 'registry:5000');
  assert.equal(normalizeRegistryHost('registry:4430'), 'registry:4430');
  assert.equal(normalizeRegistryHost('127.0.0.1:5001'), '127.0.0.1:5001');
  assert.equal(normalizeRegistryHost('[::1]:5000'), '[::1]:5000');
});

test('what is no host and port is refused', () => {
  for (const text of [
    '',
    'a b',
    'https://ghcr.io',
    'ghcr.io/org',
    'ghcr.io:',
    'ghcr.io:port',
    'user@ghcr.io',
    '.ghcr.io',
    '-ghcr.io',
    'ghcr..io',
    'ghcr.io\n',
    'a'.repeat(260),
  ])
    assert.equal(normalizeRegistryHost(text), undefined, JSON.stringify(text));
});
