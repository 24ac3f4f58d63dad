/** Which server a command speaks to, as whom, and what it says where that does not work. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { TEST_CA, TEST_TLS } from '../helpers/test-certificates.ts';
import { ran } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-server-'));
after(() => rmSync(folder, { recursive: true }));

async function listening(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serving = (t: TestContext, listener: RequestListener): Promise<string> =>
  listening(t, createServer(listener));

/** A server that knows nobody's pins, and the headers that it was sent. */
async function pins(t: TestContext): Promise<{ address: string; seen: (string | undefined)[] }> {
  const seen: (string | undefined)[] = [];
  const address = await serving(t, ({ headers }, response) => {
    seen.push(headers.authorization);
    response.end(JSON.stringify({ pins: [] }));
  });
  return { address, seen };
}

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

const NOWHERE = 'http://127.0.0.1:1';

test('--server counts more than HOLDFAST_SERVER, that more than the configuration', async (t) => {
  const { address, seen } = await pins(t);
  const url = `http://${address}`;
  const file = join(folder, 'config.json');
  const [host, port] = address.split(':');
  writeFileSync(file, JSON.stringify({ listen: { host, port: Number(port) } }));
  const empty = { code: 0, out: 'nothing is pinned\n', err: '' };
  const elsewhere = { HOLDFAST_SERVER: NOWHERE, HOLDFAST_LISTEN: '127.0.0.1:1' };
  assert.deepEqual(await ran(['pin', '--server', `${url}/`], elsewhere), empty);
  const environment = { HOLDFAST_SERVER: url, HOLDFAST_LISTEN: '127.0.0.1:1' };
  assert.deepEqual(await ran(['pin'], environment), empty);
  assert.deepEqual(await ran(['pin'], { HOLDFAST_LISTEN: address }), empty);
  assert.deepEqual(await ran(['pin', '--config', file]), empty);
  // Where every network is listened to, this machine reaches it by its loopback address.
  assert.deepEqual(await ran(['pin'], { HOLDFAST_LISTEN: `0.0.0.0:${port}` }), empty);
  assert.deepEqual(seen, Array(5).fill(undefined));
});

test('an account is stated by --user, a token or a pair of variables', async (t) => {
  const { address, seen } = await pins(t);
  const pair = { HOLDFAST_USER: 'ci', HOLDFAST_PASSWORD: 'secret' };
  const token = { HOLDFAST_TOKEN: 'abc' };
  for (const [args, environment, expected] of [
    [['--user', 'me:a:b'], { ...pair, ...token }, basic('me:a:b')],
    [['--user', 'me'], pair, basic('me:secret')],
    [[], { ...pair, ...token }, 'Bearer abc'],
    [[], pair, basic('ci:secret')],
    [[], { HOLDFAST_USER: '', HOLDFAST_TOKEN: '' }, undefined],
  ] as const) {
    const { code, err } = await ran(['pin', ...args], { ...environment, HOLDFAST_LISTEN: address });
    assert.deepEqual([code, err, seen.pop()], [0, '', expected]);
  }
});

test('what is stated wrongly ends with 2 before anything is sent', async () => {
  for (const [args, environment, message] of [
    [['--server', 'mirror:5000'], {}, /Expected http:\/\/HOST/],
    [['--server', 'http://me:pw@mirror'], {}, /Expected http:\/\/HOST/],
    [[], { HOLDFAST_SERVER: 'mirror:5000' }, /^HOLDFAST_SERVER: got "mirror:5000"/],
    [[], { HOLDFAST_LISTEN: '127.0.0.1:0' }, /^listen\.port: is 0, so state the server/],
    [['--server', NOWHERE, '--user', 'me'], {}, /^HOLDFAST_PASSWORD: is not set/],
    [['--server', NOWHERE, '--ca', join(folder, 'none')], {}, /^--ca: .* cannot be read/],
    [['--config', join(folder, 'none')], {}, /cannot be read|does not exist/],
  ] as const) {
    const { code, out, err } = await ran(['stats', ...args], environment);
    assert.deepEqual([code, out], [2, ''], args.join(' '));
    assert.match(err, message);
  }
});

test('a server that does not answer is told in words, and how to name another', async () => {
  assert.deepEqual(await ran(['ls', '--server', NOWHERE]), {
    code: 1,
    out: '',
    err:
      'holdfast: no answer from http://127.0.0.1:1: nothing listens there (ECONNREFUSED)\n' +
      'Is it running (holdfast serve)? --server or HOLDFAST_SERVER names another.\n',
  });
  const { code, err } = await ran(['verify', '--server', NOWHERE]);
  assert.equal(code, 1);
  assert.match(err, /nothing listens there/);
});

test('what answers and is no Holdfast is told as such', async (t) => {
  for (const listener of [
    (_, response) => response.end('<h1>It works!</h1>'),
    (_, response) => response.writeHead(404).end('404 page not found'),
    (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    (_, response) => response.end('{"repositories": 3}'),
  ] as RequestListener[]) {
    const address = await serving(t, listener);
    for (const command of ['ls', 'verify']) {
      const { code, out, err } = await ran([command, '--server', `http://${address}`]);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, /does not speak Holdfast's API; --server states another\n$/);
    }
  }
});

test('a refusal is told in the words of the server, without its control characters', async (t) => {
  const errors = [{ code: 'UNAUTHORIZED', message: 'not for \u001b[31myou', detail: 'ask alice' }];
  const address = await serving(t, (request, response) => {
    response.writeHead(request.headers.authorization === undefined ? 401 : 403);
    response.end(JSON.stringify({ errors }));
  });
  const server = `http://${address}`;
  const anonymous = await ran(['gc', '--server', server]);
  assert.equal(anonymous.code, 1);
  assert.match(
    anonymous.err,
    /^holdfast: not for \ufffd\[31myou \(ask alice\); state an account with --user NAME/,
  );
  const known = await ran(['gc', '--server', server, '--user', 'me:pw']);
  assert.deepEqual(known, {
    code: 1,
    out: '',
    err: 'holdfast: not for \ufffd[31myou (ask alice)\n',
  });
});

test('an answer that is cut in the middle is a failure, and so is one that tells of one', async (t) => {
  const begun = `${JSON.stringify({ checked: 1, total: 2, bytes: 5, totalBytes: 9 })}\n`;
  const ends: [RequestListener, RegExp][] = [
    [(_, response) => response.end(begun), /cut before everything was checked/],
    [
      (_, response) => response.write(begun, () => setImmediate(() => response.destroy())),
      /no answer from .*|cut before/,
    ],
    [
      (_, response) =>
        response.end(`${begun}{"errors":[{"code":"UNKNOWN","message":"the disk is gone"}]}\n`),
      /the disk is gone/,
    ],
  ];
  for (const [listener, message] of ends) {
    const address = await serving(t, listener);
    const { code, out, err } = await ran(['verify', '--server', `http://${address}`]);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, message);
  }
});

test('a certificate of an authority of its own is trusted with --ca alone', async (t) => {
  const pinless = createTlsServer(TEST_TLS, (_, response) => response.end('{"pins": []}'));
  const address = await listening(t, pinless);
  const server = `https://${address}`;
  const { code, err } = await ran(['pin', '--server', server]);
  assert.equal(code, 1);
  assert.match(err, /its certificate is not trusted; --ca names the authority \(\w+\)\n$/);
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, TEST_CA);
  assert.equal((await ran(['pin', '--server', server, '--ca', ca])).code, 0);
});
