import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { Gate } from '../helpers/gate.ts';
import { ask, HOUR, startMirror } from '../helpers/mirror.ts';

const TAG = '/v2/library/app/manifests/1';
const NO_DIGEST = { 'docker-content-digest': undefined };

test('a tag that moves between HEAD and GET never gives bytes of one digest under another', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  holdfast.clock.advance(HOUR);
  const second = upstream.addImage('library/app', '1', { layers: [22] });
  const gate = new Gate();
  upstream.fault({ method: 'GET', holdHeaders: gate, times: 1 });
  const asking = ask(holdfast, TAG);
  await gate.reached;
  const third = upstream.addImage('library/app', '1', { layers: [33] });
  gate.release();
  const reply = await asking;
  assert.deepEqual(reply.body, second.manifest);
  assert.equal(reply.headers.get('docker-content-digest'), second.manifestDigest);

  holdfast.clock.advance(HOUR);
  assert.deepEqual((await ask(holdfast, TAG)).body, third.manifest);
});

test('a tag that is replaced between HEAD and GET, its old manifest gone, is served as it is now', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  upstream.addImage('library/app', '1');
  await ask(holdfast, TAG);
  holdfast.clock.advance(HOUR);
  const second = upstream.addImage('library/app', '1', { layers: [22] });
  const gate = new Gate();
  upstream.fault({ method: 'HEAD', holdHeaders: gate, times: 1 });
  const headOfSecond = { 'docker-content-digest': second.manifestDigest };
  upstream.fault({ method: 'HEAD', headers: headOfSecond, times: 1 });
  const asking = ask(holdfast, TAG);
  await gate.reached;
  upstream.content.removeManifest('library/app', second.manifestDigest);
  const third = upstream.addImage('library/app', '1', { layers: [33] });
  gate.release();
  const reply = await asking;
  assert.deepEqual([reply.status, reply.body], [200, third.manifest]);
});

test('where a client has asked by HEAD before, a moved tag with its old manifest gone is served as it is now', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const first = upstream.addImage('library/app', '1');
  const head = await ask(holdfast, TAG, { method: 'HEAD' });
  assert.equal(head.headers.get('docker-content-digest'), first.manifestDigest);
  upstream.content.removeManifest('library/app', first.manifestDigest);
  const second = upstream.addImage('library/app', '1', { layers: [22] });
  const reply = await ask(holdfast, TAG);
  assert.deepEqual([reply.status, reply.body], [200, second.manifest]);
});

test('a cold GET by tag is bound to the digest of the bytes that came', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest, manifestDigest } = upstream.addImage('library/app', '1');
  upstream.fault({ headers: NO_DIGEST });
  const reply = await ask(holdfast, TAG);
  assert.equal(reply.headers.get('docker-content-digest'), manifestDigest);
  assert.equal(manifestDigest, digestOf(manifest));
  assert.equal((await ask(holdfast, TAG)).cache, 'holdfast; hit');
});

test('an upstream that leaves out the digest is revalidated by the bytes', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const first = upstream.addImage('library/app', '1');
  upstream.fault({ headers: NO_DIGEST });
  await ask(holdfast, TAG);
  holdfast.clock.advance(HOUR);
  upstream.clear();
  const same = await ask(holdfast, TAG);
  assert.equal(same.cache, 'holdfast; fwd=stale; detail=revalidated');
  assert.deepEqual(same.body, first.manifest);
  assert.equal(upstream.count('GET', /\/manifests\/1$/), 1);

  const second = upstream.addImage('library/app', '1', { layers: [22] });
  holdfast.clock.advance(HOUR);
  const updated = await ask(holdfast, TAG);
  assert.equal(updated.cache, 'holdfast; fwd=stale; detail=updated');
  assert.deepEqual(updated.body, second.manifest);
});

test('a tag whose bytes contradict the digest that upstream tells is a 502, and the held one is served', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { manifest } = upstream.addImage('library/app', '1');
  const lie = { 'docker-content-digest': `sha256:${'0'.repeat(64)}` };
  upstream.fault({ headers: lie });
  const cold = await ask(holdfast, TAG);
  assert.deepEqual([cold.status, cold.code], [502, 'UNKNOWN']);
  upstream.clearFaults();
  assert.equal((await ask(holdfast, TAG)).status, 200);
  upstream.fault({ headers: lie });
  holdfast.clock.advance(HOUR);
  const stale = await ask(holdfast, TAG);
  assert.equal(stale.status, 200);
  assert.deepEqual(stale.body, manifest);
});
