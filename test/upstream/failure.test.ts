import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { type TestContext, test } from 'node:test';
import { UpstreamError, type UpstreamErrorKind } from '../../src/upstream/errors.ts';
import type { UpstreamAnswer } from '../../src/upstream/got/options.ts';
import { APP, bytesOf, isError, makeUpstream, startFake, tagged } from './make-upstream.ts';

const statuses: readonly [status: number, kind: UpstreamErrorKind, requests: number][] = [
  [400, 'bad-answer', 1],
  [401, 'denied', 1],
  [403, 'denied', 1],
  [404, 'not-found', 1],
  [405, 'bad-answer', 1],
  [429, 'rate-limited', 1],
  [500, 'unavailable', 1],
  [502, 'unavailable', 3],
  [503, 'unavailable', 3],
  [504, 'unavailable', 3],
  [204, 'bad-answer', 1],
  [304, 'bad-answer', 1],
];
for (const [status, kind, requests] of statuses) {
  test(`status ${status} is ${kind}, after ${requests} request(s)`, async (t) => {
    const fake = await startFake(t);
    fake.fault({ status });
    const asked = makeUpstream(t, fake.url).manifest(APP, tagged('1.0'));
    await assert.rejects(
      asked,
      (error) => error instanceof UpstreamError && error.status === status,
    );
    await assert.rejects(asked, isError(kind, /library\/app/));
    assert.equal(fake.requests.length, requests);
  });
}

test('what passes by itself is not noticed', async (t) => {
  const fake = await startFake(t);
  const image = fake.addImage(APP, '1.0');
  fake.fault({ reset: true, times: 1 });
  fake.fault({ status: 503, times: 1 });
  const { digest } = await makeUpstream(t, fake.url).manifest(APP, tagged('1.0'));
  assert.equal(digest, image.manifestDigest);
});

test('a manifest that is cut is asked for again', async (t) => {
  const fake = await startFake(t);
  const image = fake.addImage(APP, '1.0');
  fake.fault({ cutAfter: 10, times: 1 });
  const { digest } = await makeUpstream(t, fake.url).manifest(APP, tagged('1.0'));
  assert.equal(digest, image.manifestDigest);
});

test('a 429 tells how long to wait', async (t) => {
  const fake = await startFake(t);
  fake.fault({ status: 429, headers: { 'retry-after': '7' } });
  await assert.rejects(makeUpstream(t, fake.url).manifest(APP, tagged('1.0')), {
    kind: 'rate-limited',
    retryAfter: 7000,
  });
});

test("the registry's error code is in the message, and nothing else of the body", async (t) => {
  const fake = await startFake(t);
  fake.fault({
    status: 403,
    body: '{"errors":[{"code":"DENIED","message":"see https://x/?Signature=s3cr3t"}]}',
  });
  await assert.rejects(makeUpstream(t, fake.url).tags(APP, {}), (error: Error) => {
    assert.match(error.message, /DENIED/);
    assert.doesNotMatch(error.message, /s3cr3t/);
    return true;
  });
});

test('an error with a body without end costs its connection, not our memory', async (t) => {
  const fake = await startFake(t);
  fake.fault({ status: 403, body: 'x'.repeat(20_000_000) });
  await assert.rejects(makeUpstream(t, fake.url).tags(APP, {}), isError('denied'));
});

test('an upstream that is gone is unreachable, and back when it is back', async (t) => {
  const fake = await startFake(t);
  fake.addImage(APP, '1.0');
  const upstream = makeUpstream(t, fake.url);
  await upstream.manifest(APP, tagged('1.0'));
  await fake.stop();
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('unreachable', /REFUSED/));
  await fake.restart();
  await upstream.manifest(APP, tagged('1.0'));
});

test('a blob is had although the kept connection has gone meanwhile', async (t) => {
  const fake = await startFake(t);
  const digest = fake.addBlob(Buffer.from('blob'));
  const upstream = makeUpstream(t, fake.url);
  await bytesOf((await upstream.blob(APP, digest, 0)).body);
  // The server drops the connection just when the next request is on it.
  fake.fault({ reset: true, times: 1 });
  await bytesOf((await upstream.blob(APP, digest, 0)).body);
});

test('a message tells no address, which clients would get to see', async (t) => {
  const fake = await startFake(t);
  await fake.stop();
  await assert.rejects(makeUpstream(t, fake.url).tags(APP, {}), (error: UpstreamError) => {
    assert.doesNotMatch(error.message, /127\.0\.0\.1|:\d{4}/);
    assert.match(String(error.cause), /127\.0\.0\.1/);
    return true;
  });
});

test('a name that does not resolve is unreachable', async (t) => {
  const upstream = makeUpstream(t, 'http://registry.invalid');
  await assert.rejects(upstream.tags(APP, {}), isError('unreachable'));
});

test('an upstream that says nothing is a timeout, however slowly its body drips', async (t) => {
  const fake = await startFake(t);
  fake.addImage(APP, '1.0');
  const timeouts = { connect: 5000, headers: 200, idle: 5000 };
  const upstream = makeUpstream(t, fake.url, { timeouts });
  fake.fault({ hang: true, times: 1 });
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('timeout'));
  fake.fault({ throttle: 50 });
  await assert.rejects(upstream.manifest(APP, tagged('1.0')), isError('timeout'));
});

test('a TLS handshake that never ends is a timeout', async (t) => {
  const url = await silentServer(t);
  const timeouts = { connect: 100, headers: 20_000, idle: 20_000 };
  const upstream = makeUpstream(t, url.replace('http:', 'https:'), { timeouts });
  await assert.rejects(upstream.tags(APP, {}), isError('timeout', /connection/));
});

test('an answer that is not HTTP is a bad answer', async (t) => {
  const url = await silentServer(t, 'SSH-2.0-OpenSSH_9.6\r\n');
  await assert.rejects(makeUpstream(t, url).tags(APP, {}), isError('bad-answer'));
});

test('no failure carries a credential, not even deep inside', async (t) => {
  const fake = await startFake(t, {
    auth: { scheme: 'bearer', username: 'u', password: 'hunter2' },
  });
  const credentials = { username: 'u', password: 'hunter2' };
  const upstream = makeUpstream(t, fake.url, { credentials });
  fake.fault({ path: /token/, reset: true });
  const error = await upstream.tags(APP, {}).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof UpstreamError);
  const shown = inspect(error, { depth: 20, showHidden: true });
  assert.ok(error.cause instanceof Error, 'the test is about what hangs on the cause');
  assert.doesNotMatch(shown, /hunter2|aHVudGVyMg|dTpodW50ZXIy/);
});

test('every answer is told, with what it says of the rate limit', async (t) => {
  const fake = await startFake(t, { auth: { scheme: 'bearer' }, redirectBlobs: true });
  fake.addImage(APP, '1.0');
  const digest = fake.addBlob(Buffer.alloc(5000));
  const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' };
  const answers: UpstreamAnswer[] = [];
  const upstream = makeUpstream(t, fake.url, { onAnswer: (answer) => answers.push(answer) });
  fake.fault({ path: /manifests/, headers });
  await upstream.headManifest(APP, tagged('1.0'));
  await bytesOf((await upstream.blob(APP, digest, 0)).body);
  await fake.stop();
  await upstream.blob(APP, digest, 0).catch(() => undefined);
  assert.deepEqual(
    answers.map(({ kind, method, status, rateLimit }) => [kind, method, status, rateLimit]),
    [
      ['manifest', 'HEAD', 401, { limit: 100, remaining: 76, windowSeconds: 21_600 }],
      ['token', 'GET', 200, undefined],
      ['manifest', 'HEAD', 200, { limit: 100, remaining: 76, windowSeconds: 21_600 }],
      ['blob', 'GET', 307, undefined],
      ['blob', 'GET', 200, undefined],
      ['blob', 'GET', undefined, undefined],
    ],
  );
  assert.equal(answers[4]?.bytes, 5000);
});

/** Takes connections and says `greeting`, or nothing. */
async function silentServer(t: TestContext, greeting = ''): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(greeting);
    t.after(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
