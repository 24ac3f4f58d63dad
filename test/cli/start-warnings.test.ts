import assert from 'node:assert/strict';
import { test } from 'node:test';
import { banner } from '../../src/cli/banner.ts';
import { mirrorTarget } from '../../src/cli/clients/mirror-target.ts';
import { startWarnings } from '../../src/cli/start-warnings.ts';
import type { Config } from '../../src/config/config.ts';
import { configSchema } from '../../src/config/schema.ts';

const parse = (input: object): Config => configSchema({}).parse(input);
const exposed = { listen: { host: '0.0.0.0' } };
const credentials = { username: 'me', password: 'hunter2' };

function shown(config: Config): string {
  const target = mirrorTarget({ ...config.listen, tls: config.listen.tls !== null });
  return banner({ version: '1.2.3', target, config, file: 'mirror.json' });
}

test('on a loopback address there is nothing to warn of', () => {
  assert.deepEqual(startWarnings(parse({})), []);
  assert.deepEqual(startWarnings(parse({ upstreams: { 'a.io': { credentials } } })), []);
});

test('a listener for others warns of what they may do and of what they may not', () => {
  assert.match(
    startWarnings(parse(exposed)).join('\n'),
    /^0\.0\.0\.0 .* pushes and deletes are off/,
  );
  const open = parse({ ...exposed, auth: { anonymous: 'push' } });
  assert.match(
    startWarnings(open).join('\n'),
    /^whoever can connect to 0\.0\.0\.0 may push and delete/,
  );
  assert.deepEqual(startWarnings(parse({ ...exposed, auth: { anonymous: 'pull' } })), []);
  assert.deepEqual(startWarnings(parse({ ...exposed, push: { enabled: false } })), []);
  assert.match(startWarnings(parse({ auth: { anonymous: 'none' } })).join('\n'), /nobody may pull/);
});

test('content of an account warns where others connect, private or not', () => {
  const pull = { ...exposed, auth: { anonymous: 'pull' } };
  const secret = parse({ ...pull, upstreams: { 'a.io': { credentials } } });
  assert.match(
    startWarnings(secret).join('\n'),
    /^content of a\.io is private .* nobody may pull it/,
  );
  const open = parse({ ...pull, upstreams: { 'a.io': { credentials, private: false } } });
  assert.match(startWarnings(open).join('\n'), /^whatever the account at a\.io may see is served/);
});

test('an upstream without a checked certificate warns wherever the listener is', () => {
  const warnings = startWarnings(
    parse({
      upstreams: {
        'a.io': { tls: { insecureSkipVerify: true } },
        'b.io': { url: 'http://b.io', credentials },
      },
    }),
  );
  assert.equal(warnings.length, 2);
  assert.match(warnings.join('\n'), /certificate of a\.io is not checked/);
  assert.match(warnings.join('\n'), /credentials for b\.io go over http/);
});

test('the banner says where, what and how, warnings between', () => {
  const text = shown(
    parse({ ...exposed, listen: { host: '10.0.0.1', port: 6000 }, storage: { dir: '/data' } }),
  );
  assert.match(text, /^Holdfast 1\.2\.3 listens on http:\/\/10\.0\.0\.1:6000\n/);
  assert.match(text, /stores in +\/data \(mirrored content up to 50GB\)/);
  assert.match(text, /mirrors +docker\.io \(default\), ghcr\.io, /);
  assert.match(text, /clients may +pull\n/);
  assert.match(text, /configured by +mirror\.json/);
  assert.match(text, /\nWarning: 10\.0\.0\.1 is not a loopback address/);
  assert.match(text, /"registry-mirrors": \[\s+"http:\/\/10\.0\.0\.1:6000"\s+\]/);
  assert.match(
    text,
    /certs\.d\/docker\.io\/hosts\.toml:\n\n {4}server = "https:\/\/registry-1\.docker\.io"/,
  );
  assert.match(text, / {4}location = "10\.0\.0\.1:6000\/docker\.io"/);
});

test('the banner shows no Docker mirror where bare names are not of docker.io, and no recipe without upstreams', () => {
  const other = shown(parse({ upstreams: { 'ghcr.io': {} }, defaultUpstream: 'ghcr.io' }));
  assert.doesNotMatch(other, /registry-mirrors/);
  assert.match(other, /certs\.d\/ghcr\.io\/hosts\.toml/);
  const hosted = shown(parse({ upstreams: {} }));
  assert.match(hosted, /mirrors +nothing\n/);
  assert.match(hosted, /Push and pull as 127\.0\.0\.1:5000\/NAME:TAG/);
});

test('accounts warn where their passwords can be read on the way, and nowhere else', () => {
  const auth = { htpasswd: 'htpasswd', anonymous: 'none' };
  assert.match(
    startWarnings(parse({ ...exposed, auth })).join('\n'),
    /^passwords of accounts go over http, readable on the way to 0\.0\.0\.0/,
  );
  const tls = { cert: 'cert.pem', key: 'key.pem' };
  assert.deepEqual(startWarnings(parse({ listen: { host: '0.0.0.0', tls }, auth })), []);
  assert.deepEqual(startWarnings(parse({ listen: { reverseProxy: {} }, auth })), []);
  assert.deepEqual(startWarnings(parse({ auth })), []);
});
