import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { configurationPage } from '../../docs/generate-configuration.ts';
import { effectiveConfig } from '../../src/config/effective-config.ts';
import { configSchema } from '../../src/config/schema.ts';

const schema = configSchema({});
const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const example: unknown = JSON.parse(read('config.example.json'));

test('the example configuration is the default one', () => {
  assert.deepEqual(schema.parse(example), schema.parse({}));
});

test('the example configuration has every key', () => {
  assert.deepEqual(keysOf(example), keysOf(effectiveConfig(schema.parse({}))));
});

test('docs/configuration.md says what the schema says (npm run docs:configuration)', async () => {
  assert.equal(read('docs/configuration.md'), await configurationPage());
});

test('the effective configuration reads back as the same configuration', () => {
  const config = schema.parse({
    listen: { host: '[::1]', port: 0 },
    storage: { dir: '/data', maxSize: '3GiB' },
    upstreams: { 'GHCR.io': { tags: { maxAge: '90s', rules: [{ match: '*', maxAge: '250ms' }] } } },
  });
  assert.equal(config.storage.dir, resolve('/data'));
  assert.deepEqual(schema.parse(effectiveConfig(config)), config);
});

test('the effective configuration spells values as a file does and hides secrets', () => {
  const upstream = {
    credentials: { username: 'me', password: 'hunter2' },
    proxy: 'http://proxy-user:hunter2@proxy:3128',
  };
  const text = JSON.stringify(
    effectiveConfig(schema.parse({ upstreams: { 'ghcr.io': upstream } })),
  );
  assert.doesNotMatch(text, /hunter2/);
  assert.match(text, /"credentials":\{"username":"me","password":"\(hidden\)"\}/);
  assert.match(text, /"proxy":"http:\/\/proxy-user:hidden@proxy:3128\/"/);
  assert.match(text, /"maxSize":"50GB"/);
  assert.match(text, /"maxAge":"5m"/);
});

/** Every key path of a JSON value, in order of the alphabet. */
function keysOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value)
    .flatMap(([key, child]) => keysOf(child, `${path}/${key}`))
    .toSorted();
}
