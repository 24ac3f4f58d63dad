import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ask, type Mirror, startMirror, untilHeld } from '../helpers/mirror.ts';

const NGINX = { 'X-Sendfile-Type': 'X-Accel-Redirect' };
const CONFIG = {
  listen: { host: '127.0.0.1', port: 0, reverseProxy: { accelRedirect: '/protected/' } },
};
const LAYER = 300_000;

interface Held extends Mirror {
  readonly path: string;
  readonly digest: string;
  /** Relative to `blobs/`. */
  readonly file: string;
}

/** A mirror that holds one layer. */
async function held(t: TestContext, config: object = CONFIG): Promise<Held> {
  const mirror = await startMirror(t, { config });
  const { layerDigests } = mirror.upstream.addImage('library/app', '1', { layers: [LAYER] });
  const digest = layerDigests[0] ?? '';
  const path = `/v2/library/app/blobs/${digest}`;
  await ask(mirror.holdfast, path);
  await untilHeld(mirror.holdfast, path);
  const hex = digest.slice('sha256:'.length);
  return { ...mirror, path, digest, file: `sha256/${hex.slice(0, 2)}/${hex}` };
}

test('a held blob is handed to nginx, with the headers that go with it', async (t) => {
  const { holdfast, path, digest, file } = await held(t);
  const { status, headers, body } = await ask(holdfast, path, { headers: NGINX });
  assert.deepEqual([status, body.byteLength], [200, 0]);
  assert.equal(headers.get('x-accel-redirect'), `/protected/${file}`);
  assert.equal(headers.get('docker-content-digest'), digest);
  assert.equal(headers.get('etag'), `"${digest}"`);
  assert.equal(headers.get('cache-status'), 'holdfast; hit');
  assert.equal(headers.get('content-type'), 'application/octet-stream');
  const content = await readFile(join(holdfast.dir, 'blobs', file));
  assert.equal(`sha256:${createHash('sha256').update(content).digest('hex')}`, digest);
});

test('a hosted blob is handed over as well', async (t) => {
  const { holdfast } = await startMirror(t, { config: { ...CONFIG, auth: { anonymous: 'push' } } });
  const content = Buffer.from('hosted');
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const pushed = await holdfast.fetch(`/v2/team/app/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: content,
  });
  assert.equal(pushed.status, 201);
  const { headers } = await ask(holdfast, `/v2/team/app/blobs/${digest}`, { headers: NGINX });
  assert.match(headers.get('x-accel-redirect') ?? '', /^\/protected\/sha256\/[0-9a-f]{2}\//);
});

test('one range is handed over, and what nginx could take otherwise is not', async (t) => {
  const { holdfast, path, digest } = await held(t);
  const one = await ask(holdfast, path, { headers: { ...NGINX, Range: 'bytes=10-19' } });
  assert.ok(one.headers.has('x-accel-redirect'));
  assert.equal(one.headers.has('content-range'), false);
  for (const [range, condition, status, length] of [
    ['bytes=0-9,20-29', {}, 206, undefined],
    ['bytes=9-5', {}, 416, undefined],
    [`bytes=${LAYER}-`, {}, 416, undefined],
    ['lines=1-2', {}, 200, LAYER],
    ['bytes=0-9', { 'If-Range': '"other"' }, 200, LAYER],
    ['bytes=0-9', { 'If-Range': `"${digest}"` }, 206, 10],
    ['bytes=0-9', { 'If-Match': `"${digest}"` }, 206, 10],
  ] as const) {
    const headers = { ...NGINX, Range: range, ...condition };
    const reply = await ask(holdfast, path, { headers });
    assert.deepEqual([reply.status, reply.headers.has('x-accel-redirect')], [status, false], range);
    if (length !== undefined) assert.equal(reply.body.byteLength, length);
  }
});

test('HEAD, 304, errors and manifests are answered here', async (t) => {
  const { holdfast, path, digest } = await held(t);
  const head = await ask(holdfast, path, { method: 'HEAD', headers: NGINX });
  assert.equal(head.headers.get('content-length'), String(LAYER));
  const unchanged = await ask(holdfast, path, {
    headers: { ...NGINX, 'If-None-Match': `"${digest}"` },
  });
  const missing = await ask(holdfast, path.replace(/.{8}$/, '00000000'), { headers: NGINX });
  const manifest = await ask(holdfast, '/v2/library/app/manifests/1', { headers: NGINX });
  assert.deepEqual([unchanged.status, missing.status, manifest.status], [304, 404, 200]);
  for (const { headers } of [head, unchanged, missing, manifest]) {
    assert.equal(headers.has('x-accel-redirect'), false);
  }
});

test('a blob that is still arriving is followed here', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { config: CONFIG });
  const { layers, layerDigests } = upstream.addImage('library/app', '1', { layers: [LAYER] });
  const path = `/v2/library/app/blobs/${layerDigests[0] ?? ''}`;
  const { body, headers } = await ask(holdfast, path, { headers: NGINX });
  assert.equal(headers.has('x-accel-redirect'), false);
  assert.deepEqual(body, layers[0]);
});

test('nobody is handed over who did not come through nginx, and nothing where it is not configured', async (t) => {
  const direct = await held(t);
  assert.equal((await ask(direct.holdfast, direct.path)).body.byteLength, LAYER);
  const unasked = await held(t, { listen: { host: '127.0.0.1', port: 0, reverseProxy: {} } });
  const reply = await ask(unasked.holdfast, unasked.path, { headers: NGINX });
  assert.deepEqual([reply.body.byteLength, reply.headers.has('x-accel-redirect')], [LAYER, false]);
});

test('what is handed over counts as served from the store', async (t) => {
  const { holdfast, path } = await held(t);
  const served = async (): Promise<number> => {
    const text = await (await holdfast.fetch('/metrics')).text();
    return Number(/^holdfast_served_bytes_total\{source="store"\} (\d+)$/m.exec(text)?.[1]);
  };
  const before = await served();
  await ask(holdfast, path, { headers: NGINX });
  await ask(holdfast, path, { headers: { ...NGINX, Range: 'bytes=0-99' } });
  assert.equal((await served()) - before, LAYER + 100);
});

test('a blob whose file is gone is fetched again instead of handed over', async (t) => {
  const { holdfast, path, file } = await held(t);
  await rm(join(holdfast.dir, 'blobs', file));
  const { body, headers } = await ask(holdfast, path, { headers: NGINX });
  assert.deepEqual([body.byteLength, headers.has('x-accel-redirect')], [LAYER, false]);
});

test('the group may read blobs and nothing else, and only where nginx is to send them', async (t) => {
  const open = await held(t);
  assert.deepEqual(await modes(open.holdfast.dir), ['710', '750', '700', '600', '600']);
  const closed = await held(t, {});
  assert.deepEqual(await modes(closed.holdfast.dir), ['700', '700', '700', '600', '600']);
});

function modes(dir: string): Promise<readonly string[]> {
  return Promise.all(
    ['', 'blobs', 'unfinished', 'holdfast.db', 'holdfast.db-wal'].map(async (name) => {
      return ((await stat(join(dir, name))).mode & 0o777).toString(8);
    }),
  );
}
