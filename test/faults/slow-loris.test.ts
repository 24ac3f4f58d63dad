/** Clients that hold a connection and send nothing, or never read: each is cut when its time is up. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { type TestContext, test } from 'node:test';
import { CONNECTION_LIMITS, type ConnectionLimits } from '../../src/http/connection-limits.ts';
import { eventually } from '../helpers/eventually.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { startHoldfast } from '../helpers/mirror.ts';
import { openDescriptors } from '../helpers/open-descriptors.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { beginUpload, close, pushBlob, uploadRange } from '../spec/pushing.ts';
import { Wire } from '../spec/wire.ts';

const REQUEST = 'GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n';

/** The limits of a server that is short of patience in one respect only. */
function start(t: TestContext, limits: Partial<ConnectionLimits>, config: object = {}) {
  return startHoldfast(t, { config, limits: { ...CONNECTION_LIMITS, checkMs: 20, ...limits } });
}

for (const [what, sent] of [
  ['nothing', ''],
  ['half a request line', 'GET /v2/ HT'],
  ['half of the headers', 'GET /v2/ HTTP/1.1\r\nHost: x\r\nUser-'],
  ['half of the headers of a second request', `${REQUEST}GET /v2/ HTTP/1.1\r\nHo`],
] as const) {
  test(`who sends ${what} and stops is cut`, async (t) => {
    const holdfast = await start(t, { headersMs: 200 });
    const wire = await Wire.connect(holdfast);
    if (sent !== '') await wire.write(sent);
    const answers = (await wire.untilClosed()).toString().match(/(?<=HTTP\/1\.1 )\d{3}/g);
    assert.equal(answers?.at(-1), '408');
  });
}

test('headers that come a byte at a time do not buy more time', async (t) => {
  const holdfast = await start(t, { headersMs: 300 });
  const wire = await Wire.connect(holdfast);
  let over = false;
  const closed = wire.untilClosed().then((received) => {
    over = true;
    return received;
  });
  await wire.write('GET /v2/ HTTP/1.1\r\nHost: ');
  await eventually('it is cut', async () => {
    if (!over) await wire.write('x');
    return over;
  });
  assert.match((await closed).toString(), /^HTTP\/1\.1 408 /);
});

test('hundreds of them cost little and hinder nobody', { timeout: 30_000 }, async (t) => {
  const holdfast = await start(t, { headersMs: 500 });
  const before = process.memoryUsage().rss;
  const wires = await Promise.all(Array.from({ length: 500 }, () => Wire.connect(holdfast)));
  await Promise.all(wires.map((wire) => wire.write('GET /v2/ HTTP/1.1\r\nX: ')));
  assert.equal((await holdfast.fetch('/v2/')).status, 200);
  await Promise.all(wires.map((wire) => wire.untilClosed()));
  // Both ends are in this process; the limit is what a runaway would be told by.
  assert.ok(process.memoryUsage().rss - before < 150_000_000);
});

test('who connects by TLS and says nothing is cut', async (t) => {
  const fixtures = join(import.meta.dirname, '../fixtures/tls');
  const tls = { cert: join(fixtures, 'localhost.pem'), key: join(fixtures, 'localhost.key') };
  const holdfast = await start(
    t,
    { headersMs: 200 },
    { listen: { host: '127.0.0.1', port: 0, tls } },
  );
  const silent = await Wire.connect(holdfast);
  await silent.untilClosed();
  const shaken = connectTls({ port: holdfast.port, host: '127.0.0.1', rejectUnauthorized: false });
  shaken.on('error', () => undefined);
  await once(shaken, 'secureConnect');
  shaken.resume();
  await once(shaken, 'close');
});

test('a kept connection that is not used is closed', async (t) => {
  const holdfast = await start(t, { keepAliveMs: 100 });
  const wire = await Wire.connect(holdfast);
  await wire.write(REQUEST);
  assert.match((await wire.untilClosed()).toString(), /^HTTP\/1\.1 200 /);
});

test('an upload that stops in mid-body is cut, and goes on from what came', async (t) => {
  const holdfast = await start(t, { idleMs: 300 });
  const content = madeUpBytes('idle', 200_000);
  const location = await beginUpload(holdfast, 'team/app');
  const wire = await Wire.connect(holdfast);
  await wire.write(
    `PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: ${content.length}\r\n\r\n`,
  );
  await wire.write(content.subarray(0, 100_000));
  await wire.untilClosed();
  await eventually('what came is counted', async () => {
    return (await uploadRange(holdfast, location)) === '0-99999';
  });
  const put = await close(holdfast, location, digestOf(content), content.subarray(100_000));
  assert.equal(put.status, 201);
});

test('a manifest that stops in mid-body is cut', async (t) => {
  const holdfast = await start(t, { idleMs: 300 });
  const wire = await Wire.connect(holdfast);
  await wire.write(
    'PUT /v2/team/app/manifests/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"',
  );
  await wire.untilClosed();
  assert.equal((await holdfast.fetch('/v2/team/app/manifests/1')).status, 404);
});

test(
  'a client that does not read is cut, and its blob closed',
  { skip: process.platform !== 'linux' },
  async (t) => {
    // Long enough for the push that comes first.
    const holdfast = await start(t, { idleMs: 2000 });
    const digest = await pushBlob(holdfast, 'team/app', madeUpBytes('large', 16_000_000));
    const open = async (): Promise<number> =>
      (await openDescriptors()).filter((path) => path.includes(`${holdfast.dir}/blobs/`)).length;
    const client = RawClient.get(`${holdfast.url}/v2/team/app/blobs/${digest}`);
    client.pause();
    await eventually('the blob is being read', async () => (await open()) > 0);
    await eventually('it is closed', async () => (await open()) === 0);
    client.leave();
  },
);

test('headers that are too large are 431', async (t) => {
  const holdfast = await start(t, {});
  const wire = await Wire.connect(holdfast);
  await wire.write(`GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`);
  assert.match((await wire.untilClosed()).toString(), /^HTTP\/1\.1 431 /);
});
