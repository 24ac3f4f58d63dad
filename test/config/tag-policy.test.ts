import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UpstreamConfig } from '../../src/config/config.ts';
import { isAllowed } from '../../src/config/repository-globs.ts';
import { configSchema } from '../../src/config/schema.ts';
import { tagPolicy } from '../../src/config/tag-policy.ts';
import { parseRepositoryName, type RepositoryName } from '../../src/oci/repository-name.ts';

function upstream(entry: object): UpstreamConfig {
  const parsed = configSchema({}).parse({ upstreams: { 'a.io': entry } }).upstreams['a.io'];
  assert.ok(parsed);
  return parsed;
}

function name(text: string): RepositoryName {
  const parsed = parseRepositoryName(text);
  assert.ok(parsed, text);
  return parsed;
}

test('the first rule that matches overrides what it states, and the rest stays', () => {
  const tags = {
    maxAge: '5m',
    staleIfError: '1h',
    rules: [
      { match: '*:latest', maxAge: '1s', whenDeleted: 'serve-stale' },
      { match: 'library/*:*', maxAge: '2s' },
      { match: '*:[0-9]*', staleIfError: '0s', staleWhileRevalidate: '1m', negativeMaxAge: '3s' },
    ],
  };
  const configured = upstream({ tags });
  const policy = (repository: string, tag: string): unknown => {
    const { maxAge, staleIfError, staleWhileRevalidate, negativeMaxAge, whenDeleted } = tagPolicy(
      configured,
      name(repository),
      tag,
    );
    return [maxAge, staleIfError, staleWhileRevalidate, negativeMaxAge, whenDeleted];
  };
  assert.deepEqual(policy('library/nginx', 'latest'), [1000, 3_600_000, 0, 10_000, 'serve-stale']);
  assert.deepEqual(policy('library/nginx', '1.2'), [2000, 3_600_000, 0, 10_000, 'not-found']);
  assert.deepEqual(policy('a/b/c', '1.2'), [300_000, 0, 60_000, 3000, 'not-found']);
  assert.deepEqual(policy('a/b/c', 'edge'), [300_000, 3_600_000, 0, 10_000, 'not-found']);
});

test('the built-in rule keeps full version tags for a week, in repositories of any depth', () => {
  const configured = upstream({});
  const maxAge = (repository: string, tag: string) =>
    tagPolicy(configured, name(repository), tag).maxAge;
  assert.equal(maxAge('app', 'v1.2.3'), 604_800_000);
  assert.equal(maxAge('org/team/app', 'v1.2.3-rc.1'), 604_800_000);
  assert.equal(maxAge('org/app', 'v1.2'), 300_000);
  assert.equal(maxAge('v1.2.3/app', 'latest'), 300_000);
});

function allowed(allow: string[], repository: string): boolean {
  return isAllowed(upstream({ allow }), name(repository));
}

test('in allow and deny a star stays within one part of the name and two do not', () => {
  assert.equal(allowed(['library/*'], 'library/nginx'), true);
  assert.equal(allowed(['library/*'], 'library/nginx/debug'), false);
  assert.equal(allowed(['team/**'], 'team/app/debug'), true);
  assert.equal(allowed(['team/**'], 'team'), false);
  assert.equal(allowed(['team/**'], 'team2/app'), false);
  assert.equal(allowed(['{a,b}/app'], 'b/app'), true);
});

test('deny wins over allow, and nothing is allowed by an empty list', () => {
  const configured = upstream({ allow: ['**'], deny: ['secret/**', '**/internal'] });
  assert.equal(isAllowed(configured, name('library/nginx')), true);
  assert.equal(isAllowed(configured, name('secret/app')), false);
  assert.equal(isAllowed(configured, name('team/internal')), false);
  assert.equal(isAllowed(upstream({ allow: [] }), name('library/nginx')), false);
});

test('a leading exclamation mark does not turn a glob around', () => {
  assert.equal(isAllowed(upstream({ allow: ['!secret'] }), name('library/nginx')), false);
});
