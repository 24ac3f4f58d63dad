/** The configurations of docs/accounts.md. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { snippet } from '../helpers/snippet.ts';
import { startUpstream } from '../helpers/mirror.ts';
import { as, startWithAccounts, statusOf } from './signing-in.ts';

const PAGE = 'accounts.md';

test('the shortest configuration is one', () => {
  const config = configSchema({}).parse(JSON.parse(snippet(PAGE, 'basic')));
  assert.deepEqual(config.auth.administrators, ['alice']);
});

test('the rules do what the page says', async (t) => {
  const { auth } = configSchema({}).parse(JSON.parse(snippet(PAGE, 'rules')));
  const { holdfast } = await startWithAccounts(t, {
    accounts: ['team-a', 'ci-1', 'audit', 'other'],
    auth: { rules: auth.rules },
  });
  const push = (name: string, repository: string) =>
    statusOf(as(holdfast, name), `/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const list = (name: string | undefined, repository: string) =>
    statusOf(name === undefined ? holdfast : as(holdfast, name), `/v2/${repository}/tags/list`);
  assert.deepEqual(
    [
      await push('team-a', 'team/app'),
      await push('ci-1', 'team/app'),
      await push('audit', 'team/app'),
    ],
    [202, 202, 403],
  );
  assert.deepEqual([await list('audit', 'team/app'), await list('other', 'team/app')], [404, 403]);
  assert.deepEqual(
    [await list(undefined, 'team/app'), await list(undefined, 'team/public/app')],
    [401, 404],
  );
  assert.equal(await push('ci-1', 'team/public/app'), 403);
});

test('the closing rules leave nobody the names of others', async (t) => {
  const upstream = await startUpstream(t);
  upstream.addImage('library/nginx', '1');
  const { holdfast } = await startWithAccounts(t, {
    upstreams: { 'docker.io': upstream.url },
    accounts: ['dev'],
    auth: {
      rules: [
        { match: 'team/**', grant: { dev: ['push'] } },
        ...(JSON.parse(snippet(PAGE, 'closed')) as object[]),
      ],
    },
  });
  const push = (repository: string): Promise<number> =>
    statusOf(as(holdfast, 'dev'), `/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  assert.deepEqual(
    [await push('team/app'), await push('library/nginx'), await push('grafana/grafana')],
    [202, 403, 403],
  );
  assert.equal(await statusOf(holdfast, '/v2/library/nginx/manifests/1'), 200);
  assert.equal(await statusOf(holdfast, '/v2/docker.io/library/nginx/manifests/1'), 200);
});
