import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymousAccess, isLoopback } from '../../src/config/anonymous-access.ts';
import { configSchema } from '../../src/config/schema.ts';

function access(host: string, anonymous = 'auto') {
  return anonymousAccess(configSchema({}).parse({ listen: { host }, auth: { anonymous } }));
}

test('auto lets anybody push on a loopback address and pull elsewhere', () => {
  assert.equal(access('127.0.0.1'), 'push');
  assert.equal(access('::1'), 'push');
  assert.equal(access('0.0.0.0'), 'pull');
  assert.equal(access('10.0.0.1'), 'pull');
  assert.equal(access('0.0.0.0', 'push'), 'push');
  assert.equal(access('127.0.0.1', 'none'), 'none');
});

test('a reverse proxy lets others in, also where it is the only one that can connect', () => {
  const config = configSchema({}).parse({ listen: { reverseProxy: {} } });
  assert.equal(anonymousAccess(config), 'pull');
});

test('accounts make auto stop at pulls on a loopback address too', () => {
  const config = configSchema({}).parse({ auth: { htpasswd: '/htpasswd' } });
  assert.equal(anonymousAccess(config), 'pull');
});

test('loopback is an address of the loopback network, however it is spelled, or localhost', () => {
  for (const host of [
    '127.0.0.1',
    '127.8.9.1',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    'LocalHost',
  ])
    assert.equal(isLoopback(host), true, host);
  for (const host of [
    '0.0.0.0',
    '::',
    '192.168.0.1',
    'localhost.example.com',
    '1270.0.0.1',
    'host',
  ])
    assert.equal(isLoopback(host), false, host);
});
