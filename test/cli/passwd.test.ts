import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from 'bcryptjs';
import { ran } from './terminal.ts';

test('an htpasswd line is of the first line of stdin', async () => {
  const { code, out, err } = await ran(['passwd', 'alice'], {}, 'open: sesame\r\nmore\n');
  assert.deepEqual([code, err], [0, '']);
  const [, hash = ''] = /^alice:(\$2b\$12\$\S{53})\n$/.exec(out) ?? [];
  assert.equal(await compare('open: sesame', hash), true);
  assert.equal(await compare('open', hash), false);
});

test('a password may lack the end of its line', async () => {
  const { out } = await ran(['passwd', 'ci'], {}, 'pässword');
  assert.equal(await compare('pässword', out.trim().slice('ci:'.length)), true);
});

test('what htpasswd files cannot hold is refused', async () => {
  for (const [user, input, message] of [
    ['al:ice', 'x\n', /no colon and no space/],
    ['al ice', 'x\n', /no colon and no space/],
    ['', 'x\n', /cannot be a name/],
    ['alice', '', /password is empty/],
    ['alice', '\nx\n', /password is empty/],
    ['alice', `${'ü'.repeat(37)}\n`, /longer than 72 bytes/],
  ] as const) {
    const { code, out, err } = await ran(['passwd', user], {}, input);
    assert.deepEqual([code, out], [1, ''], user + input);
    assert.match(err, message);
  }
});
