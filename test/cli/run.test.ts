import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ran } from './terminal.ts';

test('help and version are answers, not failures', async () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  assert.deepEqual(await ran(['--version']), { code: 0, out: `${version}\n`, err: '' });
  const help = await ran(['--help']);
  assert.deepEqual([help.code, help.err], [0, '']);
  for (const word of ['serve', 'check-config', 'client-config', 'HOLDFAST_LISTEN', 'Exit codes'])
    assert.ok(help.out.includes(word), word);
  assert.match((await ran(['serve', '--help'])).out, /--config <file>/);
});

test('wrong usage ends with 2 and says what is wrong on stderr', async () => {
  for (const [args, message] of [
    [['--confg', 'x'], /unknown option '--confg'/],
    [['chek-config'], /unknown command 'chek-config'\n\(Did you mean check-config\?\)/],
    [['bogus'], /unknown command 'bogus'\n\(--help/],
    [['check-config', 'x'], /too many arguments/],
    [['client-config'], /missing required argument 'client'/],
    [['client-config', 'rkt'], /Allowed choices are docker, containerd, podman, buildkit, k3s/],
    [['client-config', 'docker', '--url', 'mirror:5000'], /Expected http:\/\/HOST/],
  ] as const) {
    const { code, out, err } = await ran(args);
    assert.deepEqual([code, out], [2, ''], args.join(' '));
    assert.match(err, message);
  }
});
