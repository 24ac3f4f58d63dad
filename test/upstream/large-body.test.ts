/** Bodies that are read past node's parser: large ones of a known length. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { eventually } from '../helpers/eventually.ts';
import { FakeProxy } from '../helpers/fake-proxy.ts';
import { madeUpBytes } from '../helpers/fake-upstream-content.ts';
import { TEST_CA, TEST_TLS } from '../helpers/test-certificates.ts';
import { APP, bytesOf, isError, makeUpstream, startFake } from './make-upstream.ts';

const LAYER = madeUpBytes('large layer', 20_000_003);

for (const secure of [false, true]) {
  const kind = secure ? 'https' : 'http';
  const fakeOptions = secure ? { tls: TEST_TLS } : {};
  const options = secure ? { tls: { ca: TEST_CA, insecureSkipVerify: false } } : {};

  test(`${kind}: comes whole, and from a byte on`, async (t) => {
    const fake = await startFake(t, fakeOptions);
    const upstream = makeUpstream(t, fake.url, options);
    const digest = fake.addBlob(LAYER);
    for (const from of [0, 1_000_000]) {
      const { body } = await upstream.blob(APP, digest, from);
      assert.ok((await bytesOf(body)).equals(LAYER.subarray(from)));
    }
  });

  test(`${kind}: waits for a reader who is slower than the network`, async (t) => {
    const fake = await startFake(t, fakeOptions);
    const { body } = await makeUpstream(t, fake.url, options).blob(APP, fake.addBlob(LAYER), 0);
    const chunks: Buffer[] = [];
    for await (const chunk of body) {
      // Long enough for the socket to be read again, were it not held back.
      for (let turns = 0; turns < 20; turns++) await turn();
      chunks.push(Buffer.from(chunk));
    }
    assert.ok(Buffer.concat(chunks).equals(LAYER));
  });

  test(`${kind}: gives every byte that came before a connection was cut`, async (t) => {
    const fake = await startFake(t, fakeOptions);
    fake.fault({ truncateAfter: 10_000_000 });
    const { body } = await makeUpstream(t, fake.url, options).blob(APP, fake.addBlob(LAYER), 0);
    const received: Buffer[] = [];
    const reading = (async () => {
      for await (const chunk of body) received.push(Buffer.from(chunk));
    })();
    await assert.rejects(reading, isError('unreachable'));
    assert.ok(Buffer.concat(received).equals(LAYER.subarray(0, 10_000_000)));
  });
}

test('a reset in mid-body is unreachable', async (t) => {
  const fake = await startFake(t);
  fake.fault({ cutAfter: 10_000_000 });
  const { body } = await makeUpstream(t, fake.url).blob(APP, fake.addBlob(LAYER), 0);
  await assert.rejects(bytesOf(body), isError('unreachable'));
});

test('a stall in mid-body is a timeout, after all that had come', async (t) => {
  const fake = await startFake(t);
  fake.fault({ stallAfter: 10_000_000 });
  const timeouts = { connect: 5000, headers: 5000, idle: 300 };
  const { body } = await makeUpstream(t, fake.url, { timeouts }).blob(APP, fake.addBlob(LAYER), 0);
  let received = 0;
  const reading = (async () => {
    for await (const chunk of body) received += chunk.length;
  })();
  await assert.rejects(reading, isError('timeout'));
  assert.equal(received, 10_000_000);
});

test('without a length it comes through the parser', async (t) => {
  const fake = await startFake(t);
  fake.fault({ chunked: true });
  const digest = fake.addBlob(LAYER);
  const { body } = await makeUpstream(t, fake.url).blob(APP, digest, 0);
  assert.ok((await bytesOf(body)).equals(LAYER));
});

test('it comes through a proxy too', async (t) => {
  const fake = await startFake(t);
  const proxy = await FakeProxy.start();
  t.after(() => proxy.stop());
  const upstream = makeUpstream(t, fake.url, { proxy: proxy.url() });
  const { body } = await upstream.blob(APP, fake.addBlob(LAYER), 0);
  assert.ok((await bytesOf(body)).equals(LAYER));
  assert.equal(proxy.requests.length, 1);
});

test('leaving early closes the connection', async (t) => {
  const fake = await startFake(t);
  fake.hold(/blobs/, 6_000_000);
  const { body } = await makeUpstream(t, fake.url).blob(APP, fake.addBlob(LAYER), 0);
  for await (const chunk of body) {
    assert.ok(chunk.length > 0);
    break;
  }
  await eventually('the connection is closed', () => fake.requests[0]?.aborted === true);
});

test('its connection is not used again', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  const digest = fake.addBlob(LAYER);
  for (let time = 0; time < 3; time++) {
    const { body } = await upstream.blob(APP, digest, 0);
    assert.ok((await bytesOf(body)).equals(LAYER));
  }
  assert.equal(fake.connections, 3);
});

test('many at a time do not mix', async (t) => {
  const fake = await startFake(t);
  const upstream = makeUpstream(t, fake.url);
  const layers = Array.from({ length: 6 }, (_, n) => madeUpBytes(`layer ${n}`, 6_000_000 + n));
  const read = layers.map(async (layer) => {
    const { body } = await upstream.blob(APP, fake.addBlob(layer), 0);
    return (await bytesOf(body)).equals(layer);
  });
  assert.deepEqual(
    await Promise.all(read),
    layers.map(() => true),
  );
});
