/** Commands and a server with accounts, made with the lines that passwd prints. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../helpers/mirror.ts';
import { startStocked } from './commands.ts';
import { ran } from './terminal.ts';

test('an account that may do it does what nobody in particular may not', async (t) => {
  const htpasswd = join(await temporaryDirectory(t), 'htpasswd');
  const lines = await Promise.all(
    ['alice', 'bob'].map((name) => ran(['passwd', name], {}, `${name}-secret\n`)),
  );
  writeFileSync(htpasswd, lines.map(({ out }) => out).join(''));
  const auth = { htpasswd, administrators: ['alice'] };
  const { upstream, pull, holdfast, does, fails } = await startStocked(t, { auth });
  upstream.addImage('library/alpine', '3', { layers: [10] });
  await pull('library/alpine', '3');
  assert.equal(await does('ls', '-q'), 'docker.io/library/alpine\n');
  assert.match(await fails(1, 'rm', 'alpine:3'), /; state an account with --user NAME/);
  assert.match(
    await fails(1, 'rm', 'alpine:3', '--user', 'alice:wrong'),
    /^holdfast: wrong .*password\n/,
  );
  assert.match(
    await fails(1, 'rm', 'alpine:3', '--user', 'bob:bob-secret'),
    /^holdfast: bob may not /,
  );
  const environment = {
    HOLDFAST_SERVER: holdfast.url,
    HOLDFAST_USER: 'alice',
    HOLDFAST_PASSWORD: 'alice-secret',
  };
  const stats = await ran(['stats'], environment);
  assert.match(stats.out, /^ {2}signed in as +alice$/m);
  const removed = await ran(['rm', 'alpine:3'], environment);
  assert.deepEqual([removed.code, removed.err], [0, '']);
});
