import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from '../helpers/gate.ts';
import { countArrivals } from '../helpers/arrivals.ts';
import { ask, HOUR, type Reply, startMirror } from '../helpers/mirror.ts';

const TAG = '/v2/library/app/manifests/1';

/** What must be the same whether it is asked by HEAD or by GET. */
function described({ status, headers }: Reply): object {
  const names = ['content-type', 'content-length', 'docker-content-digest', 'etag'];
  return { status, ...Object.fromEntries(names.map((name) => [name, headers.get(name)])) };
}

test('a HEAD of a cold tag asks upstream by HEAD and tells what GET would', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest, manifestDigest, mediaType } = upstream.addImage('library/app', '1');
  const head = await ask(holdfast, TAG, { method: 'HEAD' });
  assert.equal(head.cache, 'holdfast; fwd=uri-miss');
  assert.equal(head.body.length, 0);
  assert.deepEqual(described(head), {
    status: 200,
    'content-type': mediaType,
    'content-length': String(manifest.length),
    'docker-content-digest': manifestDigest,
    etag: `"${manifestDigest}"`,
  });
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 0]);
  assert.deepEqual(described(await ask(holdfast, TAG)), described(head));
  assert.deepEqual(described(await ask(holdfast, TAG, { method: 'HEAD' })), described(head));
});

test('HEAD and then GET of a tag cost one HEAD and one GET, and then the tag works offline', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest } = upstream.addImage('library/app', '1');
  await ask(holdfast, TAG, { method: 'HEAD' });
  assert.deepEqual((await ask(holdfast, TAG)).body, manifest);
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 1]);
  await upstream.stop();
  for (const ahead of [0, HOUR]) {
    holdfast.clock.advance(ahead);
    assert.deepEqual((await ask(holdfast, TAG)).body, manifest);
    assert.equal((await ask(holdfast, TAG, { method: 'HEAD' })).status, 200);
  }
});

test('HEAD of the tag and GET of its digest, as Docker asks, make the tag work offline', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest, manifestDigest } = upstream.addImage('library/app', '1');
  const head = await ask(holdfast, TAG, { method: 'HEAD' });
  const told = head.headers.get('docker-content-digest');
  assert.equal(told, manifestDigest);
  assert.deepEqual((await ask(holdfast, `/v2/library/app/manifests/${told}`)).body, manifest);
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 1]);
  await upstream.stop();
  assert.equal((await ask(holdfast, TAG, { method: 'HEAD' })).cache, 'holdfast; hit');
  holdfast.clock.advance(HOUR);
  assert.deepEqual((await ask(holdfast, TAG)).body, manifest);
});

test('thirty HEADs of a cold tag are one upstream', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifestDigest } = upstream.addImage('library/app', '1');
  const gate = new Gate();
  upstream.fault({ holdHeaders: gate });
  const arrivals = countArrivals(t, holdfast);
  const asking = Array.from({ length: 30 }, () => ask(holdfast, TAG, { method: 'HEAD' }));
  await arrivals.until(30);
  gate.release();
  for (const { status, headers } of await Promise.all(asking)) {
    assert.equal(status, 200);
    assert.equal(headers.get('docker-content-digest'), manifestDigest);
  }
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 0]);
});

test('thirty cold GETs of a tag are one upstream', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest } = upstream.addImage('library/app', '1');
  const gate = new Gate();
  upstream.fault({ holdHeaders: gate });
  const arrivals = countArrivals(t, holdfast);
  const asking = Array.from({ length: 30 }, () => ask(holdfast, TAG));
  await arrivals.until(30);
  gate.release();
  const replies = await Promise.all(asking);
  assert.ok(replies.every(({ body }) => body.equals(manifest)));
  assert.equal(replies.filter(({ cache }) => cache === 'holdfast; fwd=uri-miss').length, 1);
  assert.equal(upstream.requests.length, 1);
});

for (const [what, fault] of [
  ['digest', { headers: { 'docker-content-digest': undefined } }],
  ['length', { chunked: true }],
  ['media type', { headers: { 'content-type': 'application/octet-stream' } }],
] as const) {
  test(`a HEAD is whole although upstream's leaves out the ${what}`, async (t) => {
    const { upstream, holdfast } = await startMirror(t);
    const { manifest, manifestDigest, mediaType } = upstream.addImage('library/app', '1');
    upstream.fault(fault);
    const head = await ask(holdfast, TAG, { method: 'HEAD' });
    assert.equal(head.headers.get('docker-content-digest'), manifestDigest);
    assert.equal(head.headers.get('content-length'), String(manifest.length));
    assert.equal(head.headers.get('content-type'), mediaType);
    assert.equal(upstream.count('HEAD'), 1);
    assert.ok(upstream.count('GET') <= 1);
  });
}

test('an image is found through its index, each by digest and with its own media type', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const amd64 = { os: 'linux', architecture: 'amd64' };
  const arm64 = { os: 'linux', architecture: 'arm64' };
  const one = upstream.addImage('library/app', undefined, { platform: amd64, docker: true });
  const other = upstream.addImage('library/app', undefined, { platform: arm64, docker: true });
  const list = 'application/vnd.docker.distribution.manifest.list.v2+json';
  const index = upstream.addIndex(
    'library/app',
    '1',
    [
      { digest: one.manifestDigest, platform: amd64 },
      { digest: other.manifestDigest, platform: arm64 },
    ],
    list,
  );
  const top = await ask(holdfast, TAG);
  assert.equal(top.headers.get('content-type'), list);
  assert.equal(top.headers.get('docker-content-digest'), index);
  const child = await ask(holdfast, `/v2/library/app/manifests/${other.manifestDigest}`);
  assert.equal(child.headers.get('content-type'), other.mediaType);
  assert.deepEqual(child.body, other.manifest);
  assert.equal(upstream.count('GET'), 2);
  await upstream.stop();
  assert.equal((await ask(holdfast, TAG)).status, 200);
  // The other platform was never asked for, so nobody downloaded it.
  const missing = await ask(holdfast, `/v2/library/app/manifests/${one.manifestDigest}`);
  assert.equal(missing.status, 502);
});

test('the same Accept goes upstream whatever a client sends, so that a tag means one digest for all', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  upstream.addImage('library/app', '2');
  await ask(holdfast, TAG, { headers: { accept: 'application/json' } });
  await ask(holdfast, '/v2/app/manifests/2', {
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  const [first, second] = upstream.requests.map(({ headers }) => headers);
  assert.equal(first?.accept, second?.accept);
  assert.match(first?.accept ?? '', /image\.index\.v1\+json.*manifest\.v2\+json/);
  assert.equal(first?.['accept-encoding'], 'identity');
});
