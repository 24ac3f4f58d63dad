/** Guessing is slowed down; whoever has signed in before does not notice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Holdfast } from '../helpers/holdfast.ts';
import { send } from '../spec/wire.ts';
import { basic, passwordOf, sending, startWithAccounts } from './signing-in.ts';

interface Attempt {
  readonly status: number;
  readonly retryAfter: number;
}

async function attempt(
  holdfast: Holdfast,
  name: string,
  password: string,
  from?: string,
): Promise<Attempt> {
  const headers = {
    authorization: basic(name, password),
    ...(from !== undefined && { 'x-forwarded-for': from }),
  };
  const response = await send(holdfast, 'GET', '/token?service=holdfast', { headers });
  return { status: response.status, retryAfter: Number(response.headers.get('retry-after') ?? 0) };
}

/** Guesses until it is slowed down; answers after how many, and for how long. */
async function guess(
  holdfast: Holdfast,
  nameOf: (index: number) => string,
  from?: string,
): Promise<{ readonly guesses: number; readonly retryAfter: number }> {
  for (let index = 0; index < 200; index += 1) {
    const { status, retryAfter } = await attempt(holdfast, nameOf(index), `guess ${index}`, from);
    if (status === 429) return { guesses: index, retryAfter };
    assert.equal(status, 401);
  }
  throw new Error('nobody minds');
}

test('after some wrong passwords for a name the next ones wait, longer each time, but not for long', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  holdfast.clock.stop();
  const { guesses, retryAfter } = await guess(holdfast, () => 'alice');
  assert.equal(guesses, 5);
  const waits = [retryAfter];
  for (let round = 0; round < 8; round += 1) {
    holdfast.clock.advance((waits.at(-1) ?? 0) * 1_000);
    assert.equal((await attempt(holdfast, 'alice', 'another guess')).status, 401);
    const { status, retryAfter: next } = await attempt(holdfast, 'alice', 'and another');
    assert.equal(status, 429);
    waits.push(next);
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 30, 30, 30, 30]);
  // The right password is not looked at either, until its turn; then all is forgiven.
  assert.equal((await attempt(holdfast, 'alice', passwordOf('alice'))).status, 429);
  holdfast.clock.advance(30_000);
  assert.equal((await attempt(holdfast, 'alice', passwordOf('alice'))).status, 200);
  assert.equal((await attempt(holdfast, 'alice', 'a slip')).status, 401);
});

test('a clock that is set back makes nobody wait longer', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  holdfast.clock.stop();
  await guess(holdfast, () => 'alice');
  holdfast.clock.advance(-60 * 60_000);
  const { status, retryAfter } = await attempt(holdfast, 'alice', passwordOf('alice'));
  assert.equal(status, 429);
  assert.ok(retryAfter <= 30, String(retryAfter));
  holdfast.clock.advance(30_000);
  assert.equal((await attempt(holdfast, 'alice', passwordOf('alice'))).status, 200);
});

test('whoever has signed in before goes on while others guess', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  holdfast.clock.stop();
  assert.equal((await attempt(holdfast, 'alice', passwordOf('alice'))).status, 200);
  await guess(holdfast, () => 'alice');
  assert.equal((await attempt(holdfast, 'alice', passwordOf('alice'))).status, 200);
  const whole = await sending(holdfast, basic('alice')).fetch('/v2/');
  assert.equal(whole.status, 200);
  await whole.arrayBuffer();
});

test('other names, and other addresses, are not slowed down with it', async (t) => {
  const config = { listen: { port: 0, reverseProxy: {} } };
  const { holdfast } = await startWithAccounts(t, { config });
  holdfast.clock.stop();
  await guess(holdfast, () => 'alice', '192.0.2.1');
  assert.equal((await attempt(holdfast, 'bob', passwordOf('bob'), '192.0.2.1')).status, 200);
  assert.equal((await attempt(holdfast, 'alice', passwordOf('alice'), '192.0.2.2')).status, 200);
});

test('many names from one address are slowed down, and an IPv6 network is one address', async (t) => {
  const config = { listen: { port: 0, reverseProxy: {} } };
  const { holdfast } = await startWithAccounts(t, { config });
  holdfast.clock.stop();
  const spread = await guess(holdfast, (index) => `name-${index}`, '192.0.2.1');
  assert.equal(spread.guesses, 50);
  assert.equal((await attempt(holdfast, 'bob', 'x', '192.0.2.1')).status, 429);
  assert.equal((await attempt(holdfast, 'bob', 'x', '192.0.2.2')).status, 401);
  await guess(holdfast, () => 'alice', '2001:db8::1');
  assert.equal((await attempt(holdfast, 'alice', 'x', '2001:db8::2')).status, 429);
  assert.equal((await attempt(holdfast, 'alice', 'x', '2001:db8:0:1::1')).status, 401);
});

test('a daemon that sends another registry’s login with each pull slows down nobody else', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  holdfast.clock.stop();
  const headers = { authorization: basic('hub-user', 'hub-secret') };
  for (let pull = 0; pull < 200; pull += 1) {
    holdfast.clock.advance(30_000);
    const path = '/token?service=holdfast&scope=repository:library/app:pull';
    assert.equal((await send(holdfast, 'GET', path, { headers })).status, 200);
  }
  assert.equal((await attempt(holdfast, 'alice', passwordOf('alice'))).status, 200);
});

test('many guesses at once are no way around it', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  holdfast.clock.stop();
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, index) => attempt(holdfast, 'alice', `guess ${index}`)),
  );
  assert.equal(all.filter(({ status }) => status === 401).length, 5);
});

test('many who come at once with the right password are let in, all of them', async (t) => {
  const { holdfast } = await startWithAccounts(t);
  const all = await Promise.all(
    Array.from({ length: 40 }, () => attempt(holdfast, 'alice', passwordOf('alice'))),
  );
  assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([200]));
});
