import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ran } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-check-'));
after(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'config.json');

test('a right configuration is printed as a file would spell it, secrets hidden', async () => {
  const credentials = { username: 'me', password: '${TOKEN}' };
  writeFileSync(path, JSON.stringify({ upstreams: { 'ghcr.io': { credentials } } }));
  const { code, out, err } = await ran(['check-config', '--config', path], {
    TOKEN: 'hunter2',
    HOLDFAST_LISTEN: '127.0.0.1:6000',
  });
  assert.deepEqual([code, err], [0, '']);
  const shown = JSON.parse(out) as {
    listen: { port: number };
    upstreams: Record<string, { credentials: unknown; tags: { maxAge: string } }>;
  };
  assert.equal(shown.listen.port, 6000);
  assert.equal(shown.upstreams['ghcr.io']?.tags.maxAge, '5m');
  assert.deepEqual(shown.upstreams['ghcr.io']?.credentials, {
    username: 'me',
    password: '(hidden)',
  });
});

test('a wrong one ends with 2 and a line for each problem', async () => {
  writeFileSync(
    path,
    JSON.stringify({ listn: {}, upstreams: { 'a.io': { tags: { maxAge: '5 minutes' } } } }),
  );
  assert.deepEqual(await ran(['check-config', '--config', path]), {
    code: 2,
    out: '',
    err:
      'upstreams.a.io.tags.maxAge: got "5 minutes", expected a duration such as "30s" or "5m"\n' +
      'listn: unknown key, did you mean "listen"?\n',
  });
});

test('what an operator should have decided is said on stderr', async () => {
  writeFileSync(path, '{}');
  const { code, err } = await ran(['check-config', '--config', path], {
    HOLDFAST_LISTEN: '0.0.0.0:5000',
  });
  assert.equal(code, 0);
  assert.match(err, /^Warning: 0\.0\.0\.0 is not a loopback address/);
});
