import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Router } from '@koa/router';
import { type Context, type RequestState } from '../../src/http/context.ts';
import { readBody } from '../../src/http/read-body.ts';
import type { ObservedRequest } from '../../src/http/request-observer.ts';
import { createLogger } from '../../src/observe/log.ts';
import { startBareServer } from '../helpers/bare-server.ts';

test('a client that leaves in the middle of its body is no failure of the server', async (t) => {
  const lines: string[] = [];
  const seen: ObservedRequest[] = [];
  const router = new Router<RequestState>();
  const handled = new Promise<void>((resolve) => {
    router.put('/body', async (ctx: Context) => {
      await readBody(ctx, 1000).finally(() => setImmediate(resolve));
    });
  });
  const server = await startBareServer(t, router, {
    log: createLogger('info', { write: (line) => void lines.push(line) }),
    onRequest: (request) => seen.push(request),
  });
  const { port } = server.address;
  const client = connect(port, '127.0.0.1');
  client.write('PUT /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
  client.once('error', () => undefined);
  setTimeout(() => client.resetAndDestroy(), 50);
  await handled;
  assert.deepEqual(lines, []);
  assert.deepEqual(
    seen.map(({ status, aborted }) => [status, aborted]),
    [[499, true]],
  );
});
