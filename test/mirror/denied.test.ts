import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, HOUR, startMirror } from '../helpers/mirror.ts';
import { pullImage } from '../helpers/registry-client.ts';

/** Everything that can be asked of `library/app`, and the code that a 404 of it has. */
function questions({
  manifestDigest,
  layerDigests,
}: {
  readonly manifestDigest: string;
  readonly layerDigests: readonly string[];
}): readonly (readonly [path: string, code: string])[] {
  return [
    ['manifests/1', 'MANIFEST_UNKNOWN'],
    [`manifests/${manifestDigest}`, 'MANIFEST_UNKNOWN'],
    [`blobs/${layerDigests[0]}`, 'BLOB_UNKNOWN'],
    ['tags/list', 'NAME_UNKNOWN'],
  ];
}

for (const status of [401, 403]) {
  test(`upstream's ${status} is a 404 without a challenge for content that is not held`, async (t) => {
    const { upstream, holdfast } = await startMirror(t);
    const image = upstream.addImage('library/app', '1');
    const challenge = { 'www-authenticate': 'Bearer realm="https://auth.example/token"' };
    upstream.fault({ status, headers: challenge });
    for (const [path, code] of questions(image)) {
      for (const method of ['GET', 'HEAD']) {
        const reply = await ask(holdfast, `/v2/library/app/${path}`, { method });
        assert.equal(reply.status, 404, `${method} ${path}`);
        if (method === 'GET') assert.equal(reply.code, code, path);
        assert.equal(reply.headers.get('www-authenticate'), null);
      }
    }
    const referrers = await ask(holdfast, `/v2/library/app/referrers/${image.manifestDigest}`);
    assert.equal(referrers.status, 200);
    assert.deepEqual((JSON.parse(referrers.body.toString()) as { manifests: [] }).manifests, []);
  });
}

test("upstream's 401 is not taken for a lasting 404", async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  upstream.fault({ status: 403, times: 1 });
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 404);
  assert.equal((await ask(holdfast, '/v2/library/app/manifests/1')).status, 200);
});

test('what a client sends as Authorization never reaches upstream', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const image = upstream.addImage('library/app', '1');
  const headers = { authorization: 'Basic c2VjcmV0OnNlY3JldA==', cookie: 'secret=1' };
  for (const [path] of questions(image)) {
    await ask(holdfast, `/v2/library/app/${path}`, { headers });
  }
  assert.ok(upstream.requests.length >= 3);
  for (const request of upstream.requests) {
    assert.equal(request.headers.authorization, undefined);
    assert.equal(request.headers.cookie, undefined);
  }
});

test('held content of a private upstream that now denies us is not served by tag any more', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { upstream: { private: true } });
  upstream.addImage('library/app', '1');
  await pullImage(holdfast.url, 'library/app', '1');
  holdfast.clock.advance(HOUR);
  upstream.fault({ status: 401 });
  const reply = await ask(holdfast, '/v2/library/app/manifests/1');
  assert.deepEqual([reply.status, reply.code], [404, 'MANIFEST_UNKNOWN']);
});
