import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { Router } from '@koa/router';
import type { RequestState } from '../../src/http/context.ts';
import { startBareServer } from '../helpers/bare-server.ts';
import { Gate } from '../helpers/gate.ts';
import { temporaryDirectory } from '../helpers/mirror.ts';
import { TEST_TLS } from '../helpers/test-certificates.ts';

test(
  'a stop ends with its last request, although the client would keep the connection',
  { timeout: 20_000 },
  async (t) => {
    const gate = new Gate();
    const router = new Router<RequestState>();
    router.get('/slow', async (ctx) => {
      await gate.pass();
      ctx.body = 'done';
    });
    const server = await startBareServer(t, router);
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      const url = `http://127.0.0.1:${server.address.port}/slow`;
      get(url, { agent }, resolve).once('error', reject);
    });
    await gate.reached;
    // Longer than the test may take: only the end of the request can end the stop in time.
    const closed = server.close(60_000);
    gate.release();
    assert.equal(await text(await answer), 'done');
    await closed;
  },
);

async function tlsFiles(t: TestContext): Promise<{ readonly cert: string; readonly key: string }> {
  const dir = await temporaryDirectory(t);
  const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') };
  await writeFile(files.cert, TEST_TLS.cert);
  await writeFile(files.key, TEST_TLS.key);
  return files;
}

for (const [kind, isTls, open] of [
  ['http', false, (port: number) => once(connect(port, '127.0.0.1'), 'connect')],
  ['https', true, (port: number) => once(secureConnect(port), 'secureConnect')],
  ['https in mid-handshake', true, (port: number) => once(connect(port, '127.0.0.1'), 'connect')],
] as const) {
  for (const graceMs of [0, 60_000]) {
    test(
      `a stop within ${graceMs} ms does not wait for a connection on which nothing was asked: ${kind}`,
      { timeout: 20_000 },
      async (t) => {
        const tls = isTls ? await tlsFiles(t) : null;
        const server = await startBareServer(t, new Router<RequestState>(), { tls });
        const { port } = server.address;
        await open(port);
        // By then the server has taken that connection, too.
        const asked = isTls ? secureConnect(port) : connect(port, '127.0.0.1');
        asked.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
        assert.match(await text(asked), /^HTTP\/1\.1 404/);
        await server.close(graceMs);
      },
    );
  }
}

function secureConnect(port: number): Socket {
  return connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
}
