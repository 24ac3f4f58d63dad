import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { mirrorTarget, parseMirrorUrl } from '../../src/cli/clients/mirror-target.ts';

test('a listener is reached by its address, or by the name of the machine where it takes every network', () => {
  assert.deepEqual(mirrorTarget({ host: '127.0.0.1', port: 5000, tls: false }), {
    url: 'http://127.0.0.1:5000',
    host: '127.0.0.1:5000',
    insecure: true,
    loopback: true,
  });
  assert.deepEqual(mirrorTarget({ host: '::1', port: 5000, tls: true }), {
    url: 'https://[::1]:5000',
    host: '[::1]:5000',
    insecure: false,
    loopback: true,
  });
  for (const host of ['0.0.0.0', '::']) {
    const target = mirrorTarget({ host, port: 5000, tls: false });
    assert.equal(target.host, `${hostname().toLowerCase()}:5000`);
  }
});

test('a mirror URL has a scheme, a host and perhaps a port', () => {
  assert.deepEqual(parseMirrorUrl('https://Mirror.Example:443/'), {
    url: 'https://mirror.example',
    host: 'mirror.example',
    insecure: false,
    loopback: false,
  });
  assert.equal(parseMirrorUrl('http://mirror:443')?.host, 'mirror:443');
  for (const text of [
    'mirror:5000',
    'ftp://mirror',
    'http://',
    'http://a/b',
    'http://u:p@a',
    'http://a?b',
    "http://a'b",
  ])
    assert.equal(parseMirrorUrl(text), undefined, text);
});
