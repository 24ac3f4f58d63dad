/** Work of the server's own during which nothing moves between it and its client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONNECTION_LIMITS } from '../../src/http/connection-limits.ts';
import { eventually } from '../helpers/eventually.ts';
import { ask, startMirror } from '../helpers/mirror.ts';
import { RawClient } from '../helpers/raw-client.ts';

const LIMITS = { ...CONNECTION_LIMITS, idleMs: 300, checkMs: 20 };

test('a push waits for what it has brought in from upstream, however long that takes', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { limits: LIMITS });
  const { manifest, mediaType, layerDigests } = upstream.addImage('library/app', '1', {
    layers: [300_000],
  });
  upstream.fault({ path: new RegExp(`blobs/${layerDigests[0]}`), throttle: 250_000 });
  const put = await holdfast.fetch('/v2/app/manifests/mine', {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: new Uint8Array(manifest),
  });
  assert.equal(put.status, 201);
  assert.equal((await ask(holdfast, `/v2/app/blobs/${layerDigests[0]}`)).status, 200);
});

test('a client of a blob that upstream does not go on with is cut', async (t) => {
  const { upstream, holdfast } = await startMirror(t, { limits: LIMITS });
  const { layerDigests } = upstream.addImage('library/app', '1', { layers: [300_000] });
  const gate = upstream.hold(new RegExp(`blobs/${layerDigests[0]}`), 100_000);
  t.after(() => gate.release());
  const client = RawClient.get(`${holdfast.url}/v2/app/blobs/${layerDigests[0]}`);
  await eventually('it is cut', () => client.closed);
  assert.equal(client.status, 200);
});
