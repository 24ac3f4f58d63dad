/** The page as it is served. What it does is looked at in test/page, in a browser. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Holdfast } from '../helpers/holdfast.ts';
import { ask, startHoldfast } from '../helpers/mirror.ts';
import { builtPage } from '../page/built-page.ts';

/** Script, style sheet and icon, as they come over the line. */
const MAX_GZIPPED_BYTES = 60_000;

async function start(t: TestContext): Promise<Holdfast> {
  return startHoldfast(t, { page: await builtPage() });
}

async function filesOf(holdfast: Holdfast): Promise<readonly string[]> {
  const { body } = await ask(holdfast, '/');
  return [...body.toString().matchAll(/(?:href|src)="([^"]+)"/g)].flatMap(([, path]) =>
    path === undefined ? [] : [path],
  );
}

test('the document names its files by their content and has nothing else in it', async (t) => {
  const holdfast = await start(t);
  const { status, headers, body } = await ask(holdfast, '/');
  assert.equal(status, 200);
  assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
  assert.equal(headers.get('cache-control'), 'no-cache');
  const files = await filesOf(holdfast);
  assert.deepEqual(files.map((path) => path.replace(/-\w{8}\./, '-HASH.')).toSorted(), [
    '/page/icon-HASH.svg',
    '/page/main-HASH.css',
    '/page/main-HASH.js',
  ]);
  assert.doesNotMatch(body.toString(), /<script(?![^>]*src=)|<style|\son\w+=|\sstyle=/);
});

test('the policy allows nothing but its own files and its own API', async (t) => {
  const holdfast = await start(t);
  for (const path of ['/', ...(await filesOf(holdfast))]) {
    const { status, headers } = await ask(holdfast, path);
    assert.equal(status, 200, path);
    const policy = (headers.get('content-security-policy') ?? '').split('; ');
    assert.ok(policy.includes("default-src 'none'"), path);
    assert.ok(policy.includes("script-src 'self'"), path);
    assert.ok(policy.includes("style-src 'self'"), path);
    assert.ok(policy.includes("frame-ancestors 'none'"), path);
    assert.doesNotMatch(policy.join(), /unsafe|https?:|\*/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
  }
});

test('a file is kept for ever, the document asked for again', async (t) => {
  const holdfast = await start(t);
  for (const path of ['/', ...(await filesOf(holdfast))]) {
    const first = await raw(holdfast, path);
    const etag = String(first.headers.etag);
    assert.match(etag, /^"[\w-]+"$/);
    const again = await raw(holdfast, path, { 'If-None-Match': etag });
    assert.equal(again.status, 304, path);
    assert.equal(again.body.length, 0);
    assert.equal(again.headers.etag, etag);
    const changed = await raw(holdfast, path, { 'If-None-Match': '"other"' });
    assert.equal(changed.status, 200, path);
    const forEver = first.headers['cache-control']?.includes('immutable');
    assert.equal(forEver, path !== '/', path);
  }
});

test('it comes compressed for those who can read that, under a tag of its own, and is small', async (t) => {
  const holdfast = await start(t);
  let total = 0;
  for (const path of ['/', ...(await filesOf(holdfast))]) {
    const plain = await raw(holdfast, path);
    const zipped = await raw(holdfast, path, { 'Accept-Encoding': 'gzip, br' });
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.equal(zipped.headers.vary, 'Accept-Encoding');
    assert.notEqual(zipped.headers.etag, plain.headers.etag);
    assert.deepEqual(gunzipSync(zipped.body), plain.body);
    total += zipped.body.length;
  }
  assert.ok(total < MAX_GZIPPED_BYTES, `${total} bytes`);
});

test('HEAD answers what GET would; other methods are refused', async (t) => {
  const holdfast = await start(t);
  const get = await raw(holdfast, '/');
  const head = await raw(holdfast, '/', {}, 'HEAD');
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], String(get.body.length));
  assert.equal(head.body.length, 0);
  assert.equal((await ask(holdfast, '/', { method: 'POST' })).status, 405);
});

test('nothing but the built files is to be had', async (t) => {
  const holdfast = await start(t);
  const paths = ['/page/', '/page/index.html', '/page/licenses.txt', '/page/..%2findex.html'];
  for (const path of paths) assert.equal((await ask(holdfast, path)).status, 404, path);
});

test('without a built page the server runs, and says what is missing', async (t) => {
  const holdfast = await startHoldfast(t, { page: join(await builtPage(), 'none') });
  const { status, body } = await ask(holdfast, '/');
  assert.equal(status, 404);
  assert.match(body.toString(), /npm run build/);
});

test('the licences of what is bundled are beside it', async () => {
  assert.ok((await readdir(await builtPage())).includes('licenses.txt'));
});

interface RawAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Exactly what is asked: fetch unpacks by itself, and adds `Cache-Control` to conditional requests. */
async function raw(
  holdfast: Holdfast,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<RawAnswer> {
  const sent = request(holdfast.url + path, { method, headers: { ...headers } }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const body = Buffer.concat(await response.toArray());
  return { status: response.statusCode, headers: response.headers, body };
}
