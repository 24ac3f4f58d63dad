/** The file of accounts: as Apache's tool writes it, changed while the server runs, and broken. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startApp } from '../../src/app.ts';
import { systemClock } from '../../src/clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import { createLogger } from '../../src/observe/log.ts';
import { cleanUp } from '../helpers/clean-up.ts';
import { eventually } from '../helpers/eventually.ts';
import { program } from '../helpers/program.ts';
import { temporaryDirectory } from '../helpers/mirror.ts';
import {
  basic,
  htpasswdLine,
  passwordOf,
  startWithAccounts,
  statusOf,
  as,
  writeHtpasswd,
} from './signing-in.ts';

const hasTool = spawnSync('htpasswd', ['-h']).error === undefined;

test('an account that is added can sign in, one that is removed cannot any more', async (t) => {
  const { holdfast, htpasswd } = await startWithAccounts(t, { accounts: ['alice'] });
  assert.equal(await statusOf(as(holdfast, 'alice'), '/v2/'), 200);
  assert.equal(await statusOf(as(holdfast, 'bob'), '/v2/'), 401);
  await writeHtpasswd(htpasswd, ['bob']);
  await eventually(
    'alice is out',
    async () => (await statusOf(as(holdfast, 'alice'), '/v2/')) === 401,
  );
  assert.equal(await statusOf(as(holdfast, 'bob'), '/v2/'), 200);
});

test('what htpasswd -B writes is taken', { skip: !hasTool }, async (t) => {
  const { holdfast, htpasswd } = await startWithAccounts(t, { accounts: ['alice'] });
  const password = 'pässword: with "all" of it';
  execFileSync('htpasswd', ['-Bb', '-C', '5', htpasswd, 'carol', password]);
  const authorization = basic('carol', password);
  await eventually('carol can sign in', async () => {
    const response = await holdfast.fetch('/v2/', { headers: { authorization } });
    await response.arrayBuffer();
    return response.status === 200;
  });
});

test('a broken file leaves the accounts as they are, and is told loudly, without its content', async (t) => {
  const dir = await temporaryDirectory(t);
  const htpasswd = join(dir, 'htpasswd');
  await writeFile(htpasswd, htpasswdLine('alice'));
  const lines: string[] = [];
  const log = createLogger('trace', { write: (line: string) => void lines.push(line) });
  const config = configSchema({}).parse({
    listen: { port: 0 },
    storage: { dir },
    upstreams: {},
    auth: { htpasswd },
  });
  const app = await startApp(config, { log, clock: systemClock });
  cleanUp(t, () => app.close(0));
  const url = `http://127.0.0.1:${app.address.port}`;
  const signIn = async (name: string, password = passwordOf(name)): Promise<number> => {
    const headers = { authorization: basic(name, password) };
    const response = await fetch(`${url}/token?account=${name}`, { headers });
    await response.arrayBuffer();
    return response.status;
  };
  const told = (text: string) => eventually(text, () => lines.some((line) => line.includes(text)));

  await writeFile(htpasswd, `bob:in-clear-text\n${htpasswdLine('carol')}`);
  await told('auth.htpasswd is broken');
  assert.match(lines.find((line) => line.includes('is broken')) ?? '', /"level":"error".*line 1/);
  assert.deepEqual([await signIn('alice'), await signIn('carol')], [200, 401]);

  lines.length = 0;
  await rm(htpasswd);
  await told('auth.htpasswd is broken');
  assert.equal(await signIn('alice'), 200);

  await writeFile(htpasswd, htpasswdLine('carol'));
  await told('accounts reloaded');
  assert.deepEqual([await signIn('alice'), await signIn('carol')], [401, 200]);
  await told('"account":"carol","msg":"request"');

  // Wrong names may be passwords, or somebody's name elsewhere: neither they nor passwords or tokens are ever logged.
  await signIn('carol', 'typed-in-vain');
  await signIn('name-of-elsewhere', 'secret-of-elsewhere');
  await told('login failed');
  const all = lines.join('');
  for (const secret of [
    'in-clear-text',
    'typed-in-vain',
    'of-elsewhere',
    'password of',
    'Basic ',
  ]) {
    assert.ok(!all.includes(secret), secret);
  }
  assert.match(all, /"account":"carol".*login failed/);
});

test('at the start a broken file is a mistake in the configuration, told line by line', async (t) => {
  const dir = await temporaryDirectory(t);
  const config = join(dir, 'config.json');
  const htpasswd = join(dir, 'htpasswd');
  await writeFile(config, JSON.stringify({ auth: { htpasswd } }));
  const [node, ...words] = program('src/main.ts');
  const start = () =>
    spawnSync(node, [...words, 'serve', '--config', config], { encoding: 'utf8' });
  const missing = start();
  assert.deepEqual(
    [missing.status, missing.stderr],
    [2, `auth.htpasswd: ${htpasswd} cannot be read\n`],
  );
  await writeFile(htpasswd, 'alice:secret\n');
  const broken = start();
  assert.equal(broken.status, 2);
  assert.match(broken.stderr, /^auth\.htpasswd: .*htpasswd: line 1: expected a bcrypt hash/);
  assert.ok(!broken.stderr.includes('secret'));
});
