import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker } from '../../src/pull-through/breaker.ts';
import { Deferred } from '../../src/pull-through/deferred.ts';
import { UpstreamError, type UpstreamErrorKind } from '../../src/upstream/errors.ts';

function setUp() {
  const clock = { time: 1_000_000, now: () => clock.time };
  const changes: boolean[] = [];
  const breaker = new Breaker({
    upstream: 'docker.io',
    clock,
    onChange: ({ open }) => changes.push(open),
  });
  let asked = 0;
  const fail = (kind: UpstreamErrorKind, retryAfter?: number) =>
    assert.rejects(
      breaker.run(() => {
        asked += 1;
        return Promise.reject(new UpstreamError(kind, `it is ${kind}`, { retryAfter }));
      }),
      UpstreamError,
    );
  const succeed = () =>
    breaker.run(() => {
      asked += 1;
      return Promise.resolve('fine');
    });
  return { clock, breaker, changes, fail, succeed, asked: () => asked };
}

test('one timeout opens it: the next call fails at once, with the same kind', async () => {
  const { breaker, fail, succeed, asked } = setUp();
  await fail('timeout');
  assert.equal(breaker.state, 'open');
  await assert.rejects(succeed(), { name: 'UpstreamError', kind: 'timeout' });
  assert.equal(asked(), 1);
});

test('quick failures open it only when there are five in a row', async () => {
  const { breaker, fail, succeed } = setUp();
  for (let i = 0; i < 4; i += 1) await fail('unreachable');
  await succeed();
  for (let i = 0; i < 4; i += 1) await fail('unavailable');
  assert.equal(breaker.state, 'closed');
  await fail('unreachable');
  assert.equal(breaker.state, 'open');
});

test('an answer that says no is an answer', async () => {
  const { breaker, fail } = setUp();
  for (let i = 0; i < 10; i += 1) await fail('not-found');
  for (let i = 0; i < 10; i += 1) await fail('denied');
  assert.equal(breaker.state, 'closed');
});

test('half-open it lets one probe through at a time, whose success closes it', async () => {
  const { breaker, clock, changes, fail, succeed } = setUp();
  await fail('timeout');
  clock.time += 1_000;
  assert.equal(breaker.state, 'half-open');
  const gate = new Deferred<string>();
  const probe = breaker.run(() => gate.promise);
  await assert.rejects(succeed(), { kind: 'timeout' });
  gate.resolve('fine');
  assert.equal(await probe, 'fine');
  assert.equal(breaker.state, 'closed');
  assert.deepEqual(changes, [true, false]);
});

test('a probe that fails keeps it open for twice as long', async () => {
  const { breaker, clock, fail } = setUp();
  await fail('timeout');
  clock.time += 1_000;
  await fail('unreachable');
  clock.time += 1_999;
  assert.equal(breaker.state, 'open');
  clock.time += 1;
  assert.equal(breaker.state, 'half-open');
});

test('a 429 keeps everybody away until its Retry-After has passed, and tells how long that is', async () => {
  const { clock, fail, succeed } = setUp();
  await fail('rate-limited', 60_000);
  clock.time += 20_000;
  await assert.rejects(succeed(), { kind: 'rate-limited', retryAfter: 40_000 });
  clock.time += 40_000;
  assert.equal(await succeed(), 'fine');
});

test('a clock that is set back does not keep it open until the time has come again', async () => {
  const { breaker, clock, fail, succeed } = setUp();
  await fail('rate-limited', 60_000);
  clock.time -= 600_000;
  assert.equal(breaker.state, 'half-open');
  const gate = new Deferred<string>();
  const probe = breaker.run(() => gate.promise);
  await assert.rejects(succeed(), { retryAfter: 0 });
  gate.reject(new UpstreamError('timeout', 'it is timeout'));
  await assert.rejects(probe);
  assert.equal(breaker.state, 'open');
  clock.time += 1_000;
  assert.equal(await succeed(), 'fine');
});

test('calls that fail together open it as if one had failed', async () => {
  const { breaker, clock, changes, fail } = setUp();
  await Promise.all(Array.from({ length: 10 }, () => fail('timeout')));
  assert.deepEqual(changes, [true]);
  clock.time += 1_000;
  assert.equal(breaker.state, 'half-open');
});

test('a late failure does not shorten what a 429 asks to wait', async () => {
  const { breaker, clock, fail } = setUp();
  const late = new Deferred<never>();
  const rejected = assert.rejects(
    breaker.run(() => late.promise),
    UpstreamError,
  );
  await fail('rate-limited', 60_000);
  late.reject(new UpstreamError('rate-limited', 'again', { retryAfter: 1_000 }));
  await rejected;
  clock.time += 59_999;
  assert.equal(breaker.state, 'open');
});

test('a refusal does not repeat what another client asked for', async () => {
  const { breaker, fail } = setUp();
  await fail('timeout');
  await assert.rejects(
    breaker.run(() => Promise.resolve()),
    (error) => {
      assert.ok(error instanceof UpstreamError);
      assert.doesNotMatch(error.message, /it is timeout/);
      assert.match(error.message, /docker\.io/);
      return true;
    },
  );
});
