import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatListenAddress, parseListenAddress } from '../../src/config/listen-address.ts';

test('a listen address is a host and a port, IPv6 in brackets, and is written back the same', () => {
  for (const [text, host, port] of [
    ['127.0.0.1:5000', '127.0.0.1', 5000],
    ['localhost:0', 'localhost', 0],
    ['[::1]:5000', '::1', 5000],
    ['[::]:65535', '::', 65_535],
  ] as const) {
    assert.deepEqual(parseListenAddress(text), { host, port });
    assert.equal(formatListenAddress(host, port), text);
  }
});

test('what lacks a host or a port is refused', () => {
  for (const text of [
    '',
    '5000',
    ':5000',
    'localhost',
    'localhost:',
    'localhost:65536',
    '::1:5000',
    'a b:1',
  ])
    assert.equal(parseListenAddress(text), undefined, JSON.stringify(text));
});
