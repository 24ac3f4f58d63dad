import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault } from '../helpers/fake-upstream-fault.ts';
import { ask, startMirror } from '../helpers/mirror.ts';

const TAG = '/v2/library/app/manifests/1';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const MAX_MANIFEST = 4 * 1024 * 1024;

/** An index of exactly so many bytes. */
function indexOf(size: number): string {
  const base = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], annotations: { pad: '' } };
  const padding = size - JSON.stringify(base).length;
  return JSON.stringify({ ...base, annotations: { pad: 'x'.repeat(padding) } });
}

test('a manifest by digest whose bytes are others is a 502, and nothing of it is kept', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifestDigest, manifest } = upstream.addImage('library/app', '1');
  const path = `/v2/library/app/manifests/${manifestDigest}`;
  upstream.fault({ method: 'GET', corrupt: true, times: 1 });
  const reply = await ask(holdfast, path);
  assert.deepEqual([reply.status, reply.code], [502, 'UNKNOWN']);
  assert.equal(reply.cache, null);
  const again = await ask(holdfast, path);
  assert.deepEqual(again.body, manifest);
  assert.equal(again.cache, 'holdfast; fwd=uri-miss');
});

const BROKEN: Readonly<Record<string, Fault>> = {
  'is compressed although it was asked for as it is': { gzip: true },
  'is an HTML page': { status: 200, body: '<html>Sign in to the hotel network</html>' },
  'is JSON that is no manifest': { status: 200, body: '{"hello":"world"}' },
  'has another media type than it says itself': { headers: { 'content-type': OCI_INDEX } },
  'is of schema 1': {
    status: 200,
    body: '{"schemaVersion":1,"name":"library/app","tag":"1","fsLayers":[]}',
    headers: { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
  },
};

for (const [what, fault] of Object.entries(BROKEN)) {
  test(`a manifest that ${what} is a 502, and nothing of it is kept`, async (t) => {
    const { upstream, holdfast } = await startMirror(t);
    const { manifest } = upstream.addImage('library/app', '1');
    const remove = upstream.fault(fault);
    const reply = await ask(holdfast, TAG);
    assert.deepEqual([reply.status, reply.code], [502, 'UNKNOWN']);
    remove();
    assert.deepEqual((await ask(holdfast, TAG)).body, manifest);
  });
}

test('a manifest that is cut short is asked for again, and never served short', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest } = upstream.addImage('library/app', '1');
  upstream.fault({ method: 'GET', cutAfter: 100, times: 1 });
  const reply = await ask(holdfast, TAG);
  if (reply.status === 200) assert.deepEqual(reply.body, manifest);
  else assert.equal(reply.status, 502);
  assert.deepEqual((await ask(holdfast, TAG)).body, manifest);
});

test('a manifest may have 4 MiB and not a byte more', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addManifest('library/app', 'largest', indexOf(MAX_MANIFEST), OCI_INDEX);
  upstream.addManifest('library/app', 'larger', indexOf(MAX_MANIFEST + 1), OCI_INDEX);
  const largest = await ask(holdfast, '/v2/app/manifests/largest');
  assert.deepEqual([largest.status, largest.body.length], [200, MAX_MANIFEST]);
  const larger = await ask(holdfast, '/v2/app/manifests/larger');
  assert.deepEqual([larger.status, larger.code], [502, 'UNKNOWN']);
  upstream.fault({ chunked: true });
  assert.equal((await ask(holdfast, '/v2/app/manifests/larger')).status, 502);
});

test('a manifest is served byte for byte, odd as it may be written', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const odd = `\n{ "manifests" : [ ],\t"schemaVersion":2,"unknown":{"é":"\\u00e9"},"mediaType":"${OCI_INDEX}" }\r\n \n`;
  upstream.addManifest('library/app', '1', odd, OCI_INDEX);
  for (const expected of ['holdfast; fwd=uri-miss', 'holdfast; hit']) {
    const reply = await ask(holdfast, TAG, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(reply.cache, expected);
    assert.equal(reply.body.toString(), odd);
    assert.equal(reply.headers.get('content-type'), OCI_INDEX);
    assert.equal(reply.headers.get('content-encoding'), null);
  }
});

test('a manifest without a media type of its own keeps the one that it came with', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const { configDigest, config } = upstream.addImage('library/app', undefined);
  const content = {
    schemaVersion: 2,
    config: { mediaType: 'application/x.test', digest: configDigest, size: config.length },
    layers: [],
  };
  upstream.addManifest('library/app', '1', content, mediaType);
  for (const method of ['GET', 'GET', 'HEAD']) {
    assert.equal((await ask(holdfast, TAG, { method })).headers.get('content-type'), mediaType);
  }
});

test('a manifest that another repository holds costs a HEAD, and is a 404 where upstream says so', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifestDigest, manifest } = upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  upstream.addManifest(
    'team/same',
    undefined,
    manifest,
    'application/vnd.oci.image.manifest.v1+json',
  );
  upstream.clear();
  const same = await ask(holdfast, `/v2/team/same/manifests/${manifestDigest}`);
  assert.deepEqual(same.body, manifest);
  assert.deepEqual([upstream.count('HEAD'), upstream.count('GET')], [1, 0]);
  for (const method of ['GET', 'HEAD']) {
    const other = await ask(holdfast, `/v2/team/other/manifests/${manifestDigest}`, { method });
    assert.equal(other.status, 404);
  }
});
