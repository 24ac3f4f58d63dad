/** Input that no client means: it is refused in the spec's form, or ignored, and never an error of the server. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { FakeUpstream } from '../helpers/fake-upstream.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { beginUpload, pushSample } from './pushing.ts';
import { errorEntries, refusal } from './refusal.ts';
import { send, Wire } from './wire.ts';

const upstream = await FakeUpstream.start();
const holdfast = await Holdfast.start({ upstreams: { 'docker.io': upstream.url } });
after(async () => {
  await holdfast.close();
  await upstream.stop();
});
const image = await pushSample(holdfast, 'app', 'v1');
const NONE = `sha256:${'0'.repeat(64)}`;

const malformed = [
  '/v2/app/manifests/%',
  '/v2/app/manifests/%zz',
  '/v2/app/manifests/%e2%82',
  '/v2/app/manifests/%ff%fe',
  '/v2/app/blobs/%',
  '/v2/%/manifests/v1',
  '/v2/%c0%ae%c0%ae/manifests/v1',
  '/v2/app%/tags/list',
  '/v2/app/blobs/uploads/%ff',
  '/v2/app/referrers/%',
  '/v2/app/manifests/v1%00',
  '/v2/app/manifests/..%2f..%2fsecret',
  '/v2/app/blobs/..%2f..%2f..%2fetc%2fpasswd',
  '/v2/app/blobs/sha256:..%5c..%5cx',
];
for (const path of malformed) {
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'POST']) {
    test(`${method} ${path} is a client's mistake`, async () => {
      const answer = await send(holdfast, method, path);
      assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status));
      await errorEntries(answer);
    });
  }
}

const ignored = [
  '?',
  '?&&&',
  '?=',
  '?%',
  '?%zz=%ff',
  '?a[b]=c&a[]=d',
  '?__proto__=x&constructor=y',
  '?toString=1',
  `?${'x=y&'.repeat(1_000)}`,
  '?n=',
  '?digest=nonsense&mount=nonsense&tag=nonsense',
  '?%00=%00',
  '#fragment',
];
for (const query of ignored) {
  test(`"${query.slice(0, 30)}" behind a manifest's path changes nothing`, async () => {
    const answer = await send(holdfast, 'GET', `/v2/app/manifests/v1${query}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), image.manifest);
  });
}

for (const ns of [
  '',
  'nowhere.io',
  '../docker.io',
  '127.0.0.1:1',
  'http://127.0.0.1:1/',
  'docker.io%00',
  'docker.io/library',
  '%0d%0aX:1',
  'a'.repeat(3_000),
]) {
  test(`ns=${ns.slice(0, 30)} is no upstream, and nobody is asked`, async () => {
    upstream.clear();
    for (const rest of ['manifests/v1', `blobs/${NONE}`, 'tags/list', `referrers/${NONE}`]) {
      const answer = await send(holdfast, 'GET', `/v2/library/app/${rest}?ns=${ns}`);
      await refusal(answer, 404, 'NAME_UNKNOWN');
      assert.equal(answer.headers.get('oci-namespace'), null);
    }
    assert.deepEqual(upstream.requests, []);
  });
}

const oddHeaders: Record<string, string>[] = [
  { 'If-None-Match': ','.repeat(5_000) },
  { 'If-None-Match': '"' },
  { Range: `bytes=${'9'.repeat(4_000)}-` },
  { Range: `bytes=${'0-,'.repeat(3_000)}0-` },
  { 'If-Range': '"' },
  { Accept: 'application/json;q='.repeat(200) },
  { Authorization: 'Basic !!!' },
  { Authorization: 'Bearer a.b.c' },
  { Authorization: '' },
  { 'Content-Type': ';;;' },
  { Cookie: 'a=b; '.repeat(500) },
  { 'X-Forwarded-Proto': 'gopher', 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil' },
  { 'X-HTTP-Method-Override': 'DELETE' },
  { Host: 'evil.example' },
  { Host: '' },
];
for (const headers of oddHeaders) {
  const [[name, value] = ['', '']] = Object.entries(headers);
  test(`${name}: ${value.slice(0, 30)} is no error of the server`, async () => {
    for (const path of [`/v2/app/manifests/v1`, `/v2/app/blobs/${NONE}`, '/v2/']) {
      const answer = await send(holdfast, 'GET', path, { headers });
      assert.ok(answer.status < 500, String(answer.status));
      const location = answer.headers.get('location') ?? '';
      assert.ok(!location.includes('evil'));
    }
    assert.equal((await send(holdfast, 'GET', '/v2/app/manifests/v1')).status, 200);
  });
}

test('a location never repeats the host that a client names', async () => {
  const answer = await send(holdfast, 'POST', '/v2/app/blobs/uploads/', {
    headers: { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' },
  });
  assert.match(answer.headers.get('location') ?? '', /^\/v2\/app\/blobs\/uploads\//);
});

for (const length of ['-1', '1e3', 'abc', '5, 6', '+5']) {
  test(`Content-Length: ${length} is refused before anything is read`, async () => {
    const location = await beginUpload(holdfast, 'length');
    const wire = await Wire.connect(holdfast);
    await wire.write(
      `PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\nhello`,
    );
    assert.match((await wire.untilClosed()).toString(), /^HTTP\/1\.1 400 /);
    assert.equal((await holdfast.fetch(location)).headers.get('range'), '0-0');
  });
}

const raw: [title: string, request: string, status: RegExp][] = [
  [
    'headers of 100 kB',
    `GET /v2/ HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
    /^HTTP\/1\.1 431 /,
  ],
  [
    'a path of 100 kB',
    `GET /v2/${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    /^HTTP\/1\.1 (414|431) /,
  ],
  ['no Host', 'GET /v2/ HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
  [
    'a blank in the path',
    'GET /v2/a b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    /^HTTP\/1\.1 400 /,
  ],
  [
    'two lengths',
    'POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a length and a coding',
    'POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a header with a bare line feed',
    'GET /v2/ HTTP/1.1\r\nHost: x\r\nA: b\nC\r\n\r\n',
    /^HTTP\/1\.1 400 /,
  ],
  [
    'the whole URL',
    'GET http://any/v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    /^HTTP\/1\.1 200 /,
  ],
  [
    'an asterisk',
    'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    /^HTTP\/1\.1 [24]\d\d /,
  ],
  ['HTTP/1.0', 'GET /v2/ HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 200 /],
  ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n', /^ $|^HTTP\/1\.1 4\d\d /],
  [
    'an upgrade',
    'GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
    /^HTTP\/1\.1 200 /,
  ],
];
for (const [title, request, status] of raw) {
  test(`a request with ${title} is answered ${status.source}`, async () => {
    const wire = await Wire.connect(holdfast);
    await wire.write(request);
    assert.match((await wire.untilClosed()).toString('latin1').split('\r\n', 1)[0] + ' ', status);
    assert.equal((await holdfast.fetch('/v2/')).status, 200);
  });
}
