import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from 'bcryptjs';
import { HAS_TERMINALS, onTerminal } from './pseudo-terminal.ts';

const options = { skip: !HAS_TERMINALS };
const CTRL_C = '\u0003';
const BACKSPACE = '\u007f';

test('a password is asked for twice, and nothing of it is shown', options, async () => {
  const { code, shown } = await onTerminal(['passwd', 'alice'], {
    typed: [
      ['New password of alice: ', `sesameX${BACKSPACE}\r`],
      ['Once more: ', 'sesame\r'],
    ],
  });
  assert.equal(code, 0);
  assert.ok(!shown.includes('sesame'), shown);
  const hash = /alice:(\S{60})/.exec(shown)?.[1] ?? '';
  assert.equal(await compare('sesame', hash), true);
});

test('two passwords that differ are not taken, and Ctrl-C ends the asking', options, async () => {
  const differing = await onTerminal(['passwd', 'alice'], {
    typed: [
      ['New password of alice: ', 'sesame\r'],
      ['Once more: ', 'sesam\r'],
    ],
  });
  assert.equal(differing.code, 1);
  assert.match(differing.shown, /the two passwords are not the same/);
  const stopped = await onTerminal(['passwd', 'alice'], {
    typed: [['New password of alice: ', `ses${CTRL_C}`]],
  });
  assert.equal(stopped.code, 1);
  assert.match(stopped.shown, /no password was given/);
});
