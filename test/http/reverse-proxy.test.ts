import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Router } from '@koa/router';
import type { RequestState } from '../../src/http/context.ts';
import { startBareServer } from '../helpers/bare-server.ts';
import { eventually } from '../helpers/eventually.ts';

const FORWARDED = {
  // The first address is what a client has made up.
  'X-Forwarded-For': '198.51.100.1, 203.0.113.7',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'mirror.example:8443',
};

/** Where a request with those headers seems to come from and to go to. */
async function seen(t: TestContext, reverseProxy: object | null) {
  const router = new Router<RequestState>();
  router.get('/', (ctx) => {
    ctx.body = { origin: `${ctx.protocol}://${ctx.host}` };
  });
  const addresses: (string | undefined)[] = [];
  const server = await startBareServer(t, router, {
    reverseProxy,
    onRequest: ({ remoteAddress }) => addresses.push(remoteAddress),
  });
  const url = `http://127.0.0.1:${server.address.port}`;
  const answer = await fetch(url, { headers: FORWARDED });
  const { origin } = (await answer.json()) as { origin: string };
  await eventually('the request is told', () => addresses.length === 1);
  return { url, origin, address: addresses[0] };
}

test('behind a reverse proxy its word counts, and only its own', async (t) => {
  const { origin, address } = await seen(t, {});
  assert.deepEqual([origin, address], ['https://mirror.example:8443', '203.0.113.7']);
});

test('from clients themselves the same headers mean nothing', async (t) => {
  const { url, origin, address } = await seen(t, null);
  assert.deepEqual([origin, address], [url, '127.0.0.1']);
});
