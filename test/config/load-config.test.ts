import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigurationError } from '../../src/config/configuration-error.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { RENEWED_TLS, TEST_CA, TEST_TLS } from '../helpers/test-certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
const home = process.cwd();
process.chdir(folder);
after(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function problems(path: string | undefined, environment = {}): readonly string[] {
  try {
    loadConfig(path, environment);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return error.problems;
  }
  assert.fail('the configuration was accepted');
}

test('an option counts more than the environment, and either more than nothing', () => {
  const one = file('one.json', { listen: { port: 1 } });
  const two = file('two.json', { listen: { port: 2 } });
  assert.equal(loadConfig(one, { HOLDFAST_CONFIG: two }).config.listen.port, 1);
  const chosen = loadConfig(undefined, { HOLDFAST_CONFIG: two });
  assert.deepEqual([chosen.config.listen.port, chosen.file], [2, two]);
  const none = loadConfig(undefined, { HOLDFAST_CONFIG: '' });
  assert.deepEqual([none.config.listen.port, none.file], [5000, undefined]);
});

test('config.json of the working directory is read where nothing else is named', () => {
  const one = file('other.json', {});
  const path = file('config.json', { listen: { port: 3 } });
  try {
    assert.equal(loadConfig(undefined, {}).config.listen.port, 3);
    assert.equal(loadConfig(one, {}).config.listen.port, 5000);
  } finally {
    rmSync(path);
  }
});

test('variables of the environment count more than the file, and empty ones count as not set', () => {
  const path = file('base.json', { listen: { port: 1, tls: null }, storage: { minFree: '2GB' } });
  const { config } = loadConfig(path, {
    HOLDFAST_LISTEN: '[::1]:0',
    HOLDFAST_STORAGE_DIR: folder,
    HOLDFAST_LOG_LEVEL: 'debug',
  });
  assert.deepEqual(config.listen, {
    host: '::1',
    port: 0,
    tls: null,
    mirrorPort: null,
    reverseProxy: null,
  });
  assert.deepEqual([config.storage.dir, config.storage.minFree], [folder, 2e9]);
  assert.equal(config.log.level, 'debug');
  assert.equal(loadConfig(path, { HOLDFAST_LISTEN: '' }).config.listen.port, 1);
});

test('problems with variables are told by the name of the variable, beside those of the file', () => {
  const path = file('wrong.json', { offline: 'yes' });
  assert.deepEqual(problems(path, { HOLDFAST_LISTEN: '5000', HOLDFAST_LOG_LEVEL: 'loud' }), [
    'offline: got "yes", expected true or false',
    'HOLDFAST_LISTEN: got "5000", expected host:port such as "127.0.0.1:5000" or "[::1]:5000"',
    'HOLDFAST_LOG_LEVEL: got "loud", expected one of fatal, error, warn, info, debug, trace, silent',
  ]);
});

test('a file that is named and missing is an error', () => {
  const path = join(folder, 'missing.json');
  assert.deepEqual(problems(path), [`${path}: cannot be read (ENOENT)`]);
  assert.deepEqual(problems(undefined, { HOLDFAST_CONFIG: folder }), [
    `${folder}: cannot be read (EISDIR)`,
  ]);
});

test('where JSON ends being JSON is told by line and column, and nothing of the file is shown', () => {
  const cases = [
    ['{\n  "offline": maybe\n}', 2, 14],
    ['{\n  "offline": true,\n}', 3, 1],
    ['{ "password" "hunter2" }', 1, 14],
    ['// hunter2\n{}', 1, 1],
    ['{ "log": "hunter2\n" }', 1, 18],
    ['', 1, 1],
  ] as const;
  for (const [content, line, column] of cases) {
    const path = file('broken.json', content);
    assert.deepEqual(problems(path), [`${path}: not valid JSON at line ${line}, column ${column}`]);
  }
});

test('a byte order mark in front of the file is no error', () => {
  const path = file('bom.json', '\uFEFF{ "offline": true }');
  assert.equal(loadConfig(path, {}).config.offline, true);
});

test('certificate files that cannot be read are told by key', () => {
  const cert = file('cert.pem', 'certificate');
  const missing = join(folder, 'missing.pem');
  const path = file('tls.json', {
    listen: { tls: { cert, key: missing } },
    upstreams: { 'a.io': { tls: { ca: missing } }, 'b.io': { tls: { ca: cert } } },
  });
  assert.deepEqual(problems(path), [
    `listen.tls.key: ${missing} cannot be read`,
    `upstreams.a.io.tls.ca: ${missing} cannot be read`,
  ]);
});

test('certificate files that hold something else are told by key', () => {
  const cert = file('cert.pem', TEST_TLS.cert);
  const key = file('key.pem', TEST_TLS.key);
  const ca = file('ca.pem', `An authority:\n${TEST_CA}`);
  const other = file('other.pem', RENEWED_TLS.key);
  const none = file('none.pem', 'certificate');
  const load = (tls: object, authority: string): readonly string[] =>
    problems(
      file('tls.json', { listen: { tls }, upstreams: { 'a.io': { tls: { ca: authority } } } }),
    );
  assert.throws(() => load({ cert, key }, ca), /was accepted/);
  assert.deepEqual(load({ cert, key }, none), [
    `upstreams.a.io.tls.ca: ${none} holds no certificate in PEM`,
  ]);
  for (const [tls, reason] of [
    [{ cert: none, key }, 'no start line'],
    [{ cert, key: none }, 'DECODER routines::unsupported'],
    [{ cert, key: other }, 'key values mismatch'],
  ] as const) {
    const [problem = '', ...more] = load(tls, ca);
    assert.deepEqual(more, []);
    assert.ok(
      problem.startsWith(`listen.tls: ${tls.cert} and ${tls.key} cannot be used: `),
      problem,
    );
    assert.ok(problem.includes(reason), problem);
  }
});
