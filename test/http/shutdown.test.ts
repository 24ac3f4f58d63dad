import assert from 'node:assert/strict';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Router } from '@koa/router';
import type { RequestState } from '../../src/http/context.ts';
import { startBareServer } from '../helpers/bare-server.ts';
import { Gate } from '../helpers/gate.ts';

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
