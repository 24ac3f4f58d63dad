/** Answers of token servers as Go's clients take them: null and the empty text are nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { TokenSource } from '../../src/upstream/auth/token.ts';
import { isError } from './make-upstream.ts';

const URL_OF_TOKENS = new URL('https://auth.example/token');

function tokenOf(answer: string): Promise<string> {
  const source = new TokenSource(() => Promise.resolve(Buffer.from(answer)), systemClock);
  return source.fetch('team/app', URL_OF_TOKENS);
}

for (const answer of [
  '{"token":"abc"}',
  '{"access_token":"abc"}',
  '{"token":"","access_token":"abc"}',
  '{"token":"abc","access_token":""}',
  '{"token":null,"access_token":"abc","expires_in":null}',
  '{"token":"abc","access_token":null,"expires_in":300,"refresh_token":null}',
]) {
  test(`${answer} has a token`, async () => assert.equal(await tokenOf(answer), 'abc'));
}

for (const answer of ['{"token":""}', '{"token":null}', '{"token":1}', '{}', 'null', '', 'abc']) {
  test(`${answer || 'nothing'} has none`, () =>
    assert.rejects(tokenOf(answer), isError('bad-answer')));
}
