import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { problemLines } from '../../src/config/configuration-error.ts';
import type { Config } from '../../src/config/config.ts';
import { configSchema } from '../../src/config/schema.ts';

const parse = (input: unknown, environment = {}): Config => configSchema(environment).parse(input);

function problems(input: unknown, environment = {}): string[] {
  const result = configSchema(environment).safeParse(input);
  assert.equal(result.success, false);
  return problemLines(result.error);
}

test('without any key the defaults stand, in milliseconds, bytes and absolute paths', () => {
  const config = parse({});
  assert.deepEqual(Object.keys(config.upstreams), [
    'docker.io',
    'ghcr.io',
    'quay.io',
    'gcr.io',
    'registry.k8s.io',
    'mcr.microsoft.com',
    'public.ecr.aws',
    'registry.gitlab.com',
  ]);
  assert.deepEqual(
    { ...config, upstreams: undefined },
    {
      listen: { host: '127.0.0.1', port: 5000, mirrorPort: null, tls: null, reverseProxy: null },
      storage: { dir: resolve('cache'), maxSize: 50e9, minFree: 1e9 },
      defaultUpstream: 'docker.io',
      upstreams: undefined,
      prefetch: 'image',
      warm: [],
      pins: [],
      offline: false,
      push: { enabled: true, delete: true, uploadMaxAge: 86_400_000 },
      auth: { htpasswd: null, anonymous: 'auto', administrators: [], rules: [], realm: null },
      log: { level: 'info' },
      shutdownGrace: 30_000,
    },
  );
  assert.deepEqual(config.upstreams['docker.io'], {
    url: 'https://registry-1.docker.io',
    aliases: ['index.docker.io', 'registry-1.docker.io'],
    credentials: null,
    private: false,
    tags: {
      maxAge: 300_000,
      staleIfError: 2_592_000_000,
      staleWhileRevalidate: 0,
      negativeMaxAge: 10_000,
      whenDeleted: 'not-found',
      minAge: 0,
      whenNew: 'refuse',
      rules: [{ match: '*:v*.*.*', maxAge: 604_800_000 }],
    },
    allow: ['**'],
    deny: [],
    tls: { ca: null, insecureSkipVerify: false },
    proxy: null,
    timeouts: { connect: 5000, headers: 15_000, idle: 30_000 },
    maxConnections: 16,
    connectionsPerBlob: 1,
    allowPrivateNetwork: false,
  });
});

test('upstreams in a file replace the built-in ones, and an empty entry is complete', () => {
  const { upstreams } = parse({
    upstreams: { 'docker.io': {}, 'GHCR.io:443': {}, 'reg.corp:5000': {} },
  });
  assert.deepEqual(Object.keys(upstreams), ['docker.io', 'ghcr.io', 'reg.corp:5000']);
  assert.equal(upstreams['docker.io']?.url, 'https://registry-1.docker.io');
  assert.equal(upstreams['ghcr.io']?.url, 'https://ghcr.io');
  assert.equal(upstreams['reg.corp:5000']?.url, 'https://reg.corp:5000');
});

test('the default upstream is docker.io where it is mirrored, by name or alias, and none where it is not', () => {
  assert.equal(parse({ upstreams: { 'ghcr.io': {} } }).defaultUpstream, null);
  assert.equal(
    parse({ upstreams: { 'hub.corp': { aliases: ['docker.io'] } } }).defaultUpstream,
    'hub.corp',
  );
  assert.equal(parse({ defaultUpstream: null }).defaultUpstream, null);
  assert.equal(parse({ defaultUpstream: 'Index.docker.io' }).defaultUpstream, 'docker.io');
  assert.deepEqual(problems({ upstreams: { 'ghcr.io': {} }, defaultUpstream: 'docker.io' }), [
    'defaultUpstream: got "docker.io", expected null or one of upstreams: ghcr.io',
  ]);
});

test('content of an upstream with credentials is private unless the file says otherwise', () => {
  const credentials = { username: 'me', password: 'secret' };
  const { upstreams } = parse({
    upstreams: { 'a.io': { credentials }, 'b.io': { credentials, private: false }, 'c.io': {} },
  });
  assert.equal(upstreams['a.io']?.private, true);
  assert.equal(upstreams['b.io']?.private, false);
  assert.equal(upstreams['c.io']?.private, false);
});

test('a URL loses its trailing slash and keeps its path', () => {
  const { upstreams } = parse({ upstreams: { 'a.io': { url: 'HTTP://Mirror.corp:8080/hub//' } } });
  assert.equal(upstreams['a.io']?.url, 'http://mirror.corp:8080/hub');
});

test('a listen host may stand in brackets', () => {
  assert.equal(parse({ listen: { host: '[::1]' } }).listen.host, '::1');
});

test('every problem is told at once, each by its path', () => {
  const lines = problems({
    listn: {},
    listen: { port: '5000', host: 'a b' },
    storage: { maxSize: '5 GB' },
    upstreams: {
      'docker.io': {
        tags: { maxAge: '5 minutes', rules: [{ match: '', maxage: '1s' }] },
        aliases: ['GHCR.io'],
        timeouts: { idle: '0s' },
        maxConnections: 0,
      },
      'ghcr.io': { url: 'ftp://ghcr.io', allow: '**' },
      'quay.io/org': { tls: null },
    },
    prefetch: 'all',
    shutdownGrace: '30d',
    defaultUpstream: 'dcoker.io',
  });
  assert.deepEqual(lines.toSorted(), [
    'defaultUpstream: got "dcoker.io", expected null or one of upstreams: docker.io, ghcr.io, quay.io/org',
    'listen.host: got "a b", expected an address or host name such as "127.0.0.1", "0.0.0.0" or "::1"',
    'listen.port: got "5000", expected a whole number from 0 to 65535',
    'listn: unknown key, did you mean "listen"?',
    'prefetch: got "all", expected one of "image", "off"',
    'shutdownGrace: got "30d", expected a duration of at most 24d such as "30s" or "5m"',
    'storage.maxSize: got "5 GB", expected a size such as "500MB", "50GB" or "2GiB"',
    'upstreams.docker.io.aliases[0]: "ghcr.io" already names upstreams.ghcr.io',
    'upstreams.docker.io.maxConnections: got 0, expected a whole number from 1 to 1024',
    'upstreams.docker.io.tags.maxAge: got "5 minutes", expected a duration such as "30s" or "5m"',
    'upstreams.docker.io.tags.rules[0].match: got "", expected a glob such as "library/*"',
    'upstreams.docker.io.tags.rules[0].maxage: unknown key, did you mean "maxAge"?',
    'upstreams.docker.io.timeouts.idle: got "0s", expected a duration of at most 24d such as "30s" or "5m", not zero',
    'upstreams.ghcr.io.allow: got "**", expected a list of globs',
    'upstreams.ghcr.io.url: got "ftp://ghcr.io", expected an http:// or https:// URL without user information, query or fragment',
    'upstreams.quay.io/org.tls: got null, expected an object',
    'upstreams.quay.io/org: an upstream is named by its registry host, such as "ghcr.io" or "registry.local:5000"',
  ]);
});

test('a name or alias belongs to one upstream only, also where the alias is built in', () => {
  assert.deepEqual(problems({ upstreams: { 'ghcr.io': {}, 'GHCR.IO:443': {} } }), [
    'upstreams.GHCR.IO:443: "ghcr.io" already names upstreams.ghcr.io',
  ]);
  assert.deepEqual(problems({ upstreams: { 'docker.io': {}, 'index.docker.io': {} } }), [
    'upstreams.docker.io.aliases[0]: "index.docker.io" already names upstreams.index.docker.io',
  ]);
  assert.deepEqual(
    problems({ upstreams: { 'a.io': { aliases: ['c.io'] }, 'b.io': { aliases: ['c.io'] } } }),
    ['upstreams.b.io.aliases[0]: "c.io" already names upstreams.a.io'],
  );
});

test('a value of the wrong kind is told, the whole file included', () => {
  assert.deepEqual(problems([]), ['configuration: got a list, expected an object']);
  assert.deepEqual(problems({ upstreams: 3, push: null }), [
    'upstreams: got 3, expected an object',
    'push: got null, expected an object',
  ]);
});

test('a pin is an image or a glob, of a name that there can be', () => {
  const pins = ['alpine:3.20', 'ghcr.io/org/**', 'REG.corp:5000/app@sha256:' + 'a'.repeat(64)];
  assert.deepEqual(parse({ pins, upstreams: { 'reg.corp:5000': {} } }).pins, pins);
  const accepted = 'an image or a glob such as "alpine:3" or "ghcr.io/org/**"';
  const named = 'an image whose name is that of a repository here, or in one of upstreams';
  assert.deepEqual(problems({ pins: 'alpine:3' }), [
    'pins: got "alpine:3", expected a list of images and globs',
  ]);
  assert.deepEqual(
    problems({
      pins: ['app:', 3, 'Alpine:3', 'reg.corp:5000/app:1', '[z-a]', '', 'app:[12'],
    }).toSorted(),
    [
      `pins[0]: got "app:", expected ${accepted}`,
      `pins[1]: got 3, expected ${accepted}`,
      `pins[2]: got "Alpine:3", expected ${named}`,
      `pins[3]: got "reg.corp:5000/app:1", expected ${named}`,
      `pins[4]: got "[z-a]", expected ${accepted}`,
      `pins[5]: got "", expected ${accepted}`,
      `pins[6]: got "app:[12", expected ${accepted}`,
    ],
  );
  assert.deepEqual(problems({ pins: Array.from({ length: 1_001 }, (_, at) => `app:${at}`) }), [
    'pins: expected at most 1000',
  ]);
});

test('a mistake in a rule of access is told by its place', () => {
  const rules = [{ match: 'team/**', grant: { alice: ['pull', 'write'], bob: 'pull' } }, {}];
  assert.deepEqual(problems({ auth: { rules } }), [
    'auth.rules[0].grant.alice[1]: got "write", expected one of "pull", "push", "delete"',
    'auth.rules[0].grant.bob: got "pull", expected a list of "pull", "push" and "delete"',
    'auth.rules[1].match: got nothing, expected a glob such as "library/*"',
    'auth.rules[1].grant: got nothing, expected an object',
  ]);
});

test('credentials take variables from the environment, in the middle of a string too', () => {
  const { upstreams } = parse(
    {
      upstreams: {
        'a.io': { credentials: { username: '${USER_NAME}', password: 'x-${TOKEN}-$y' } },
      },
    },
    { USER_NAME: 'me', TOKEN: '$&${TOKEN}' },
  );
  assert.deepEqual(upstreams['a.io']?.credentials, { username: 'me', password: 'x-$&${TOKEN}-$y' });
});

test('a variable that is missing or empty is told by name and by key', () => {
  const credentials = { username: '${A}', password: '${B}' };
  assert.deepEqual(problems({ upstreams: { 'a.io': { credentials } } }, { B: '' }), [
    'upstreams.a.io.credentials.username: ${A} needs the environment variable A, which is not set or empty',
    'upstreams.a.io.credentials.password: ${B} needs the environment variable B, which is not set or empty',
  ]);
});

test('no problem shows a secret', () => {
  for (const entry of [
    { credentials: 'me:hunter2' },
    { credentials: ['hunter2'] },
    { credentials: { username: 'me', password: 'hunter2', otp: 'hunter2' } },
    { credentials: { username: 'hunter2', password: ['hunter2'] } },
    { credentials: { password: '${MISSING}hunter2' } },
    { url: 'https://me:hunter2@registry.corp' },
    { proxy: 'socks://me:hunter2@proxy' },
    [{ credentials: 'hunter2' }],
  ]) {
    const lines = problems({ upstreams: { 'a.io': entry } }, {}).join('\n');
    assert.doesNotMatch(lines, /hunter2/);
    assert.match(lines, /upstreams\.a\.io/);
  }
});
