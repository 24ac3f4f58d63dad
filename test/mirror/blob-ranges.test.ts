import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Gate } from '../helpers/gate.ts';
import { ask, type Reply, reply, startMirror, untilHeld } from '../helpers/mirror.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { assertSameBytes } from '../helpers/same-bytes.ts';

const SIZE = 400_000;
const BLOBS = /\/blobs\//;

/** What is known of the layer when the range is asked for. */
type Before = 'cold' | 'arriving' | 'held';

async function start(t: TestContext, before: Before) {
  const { upstream, holdfast } = await startMirror(t, { config: { prefetch: 'off' } });
  const image = upstream.addImage('library/app', '1', { layers: [SIZE] });
  const [layer = Buffer.alloc(0)] = image.layers;
  const path = `/v2/library/app/blobs/${image.layerDigests[0]}`;
  let gate: Gate | undefined;
  if (before === 'held') {
    await ask(holdfast, path);
    await untilHeld(holdfast, path);
  } else if (before === 'arriving') {
    gate = upstream.hold(BLOBS, 100_000);
    await RawClient.get(holdfast.url + path).bytes(50_000);
  }
  const range = async (value: string): Promise<Reply> => {
    const response = await holdfast.fetch(path, { headers: { range: value } });
    gate?.release();
    return reply(response);
  };
  return { upstream, holdfast, layer, path, range };
}

const SINGLE: readonly (readonly [string, number, number])[] = [
  ['bytes=0-0', 0, 1],
  ['bytes=1000-1999', 1000, 2000],
  ['bytes=0-', 0, SIZE],
  ['bytes=390000-', 390_000, SIZE],
  ['bytes=-500', SIZE - 500, SIZE],
  ['bytes=-999999', 0, SIZE],
  ['bytes=399999-999999', SIZE - 1, SIZE],
];

for (const before of ['cold', 'arriving', 'held'] as const) {
  test(`a range of a blob that is ${before} is 206, with exactly its bytes`, async (t) => {
    for (const [value, from, until] of SINGLE) {
      await t.test(value, async (each) => {
        const { upstream, layer, range, holdfast, path } = await start(each, before);
        const { status, headers, body } = await range(value);
        assert.equal(status, 206);
        assert.equal(headers.get('content-range'), `bytes ${from}-${until - 1}/${SIZE}`);
        assert.equal(headers.get('content-length'), String(until - from));
        assertSameBytes(body, layer.subarray(from, until));
        // Whoever asks for a part fetches the whole, once.
        await untilHeld(holdfast, path);
        assert.equal(upstream.count('GET', BLOBS), 1);
        assert.equal(
          upstream.requests.find(({ method }) => method === 'GET')?.headers.range,
          undefined,
        );
        assertSameBytes((await ask(holdfast, path)).body, layer);
      });
    }
  });

  test(`several ranges of a blob that is ${before} are a multipart answer, or the whole`, async (t) => {
    const { layer, range } = await start(t, before);
    const { status, headers, body } = await range('bytes=0-9,100000-100099,-5');
    assert.equal(headers.get('content-length'), String(body.length));
    if (status === 200) {
      assertSameBytes(body, layer);
      return;
    }
    assert.equal(status, 206);
    const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(
      headers.get('content-type') ?? '',
    );
    const parts = body.toString('latin1').split(`--${boundary?.[1]}`);
    assert.equal(parts.at(-1)?.trim(), '--');
    const found = parts.slice(1, -1).map((part) => {
      const [head = '', ...rest] = part.split('\r\n\r\n');
      const content = Buffer.from(rest.join('\r\n\r\n').replace(/\r\n$/, ''), 'latin1');
      return { range: /Content-Range: (.+)/i.exec(head)?.[1], content };
    });
    const expected = [
      [0, 10],
      [100_000, 100_100],
      [SIZE - 5, SIZE],
    ] as const;
    assert.deepEqual(
      found,
      expected.map(([from, until]) => ({
        range: `bytes ${from}-${until - 1}/${SIZE}`,
        content: Buffer.from(layer.subarray(from, until)),
      })),
    );
  });

  test(`a range outside of a blob that is ${before} is a whole 416`, async (t) => {
    const { range, holdfast, path } = await start(t, before);
    for (const value of [`bytes=${SIZE}-`, 'bytes=500-0', 'bytes=-0']) {
      const { status, headers, body } = await range(value);
      assert.equal(status, 416, value);
      assert.equal(headers.get('content-range'), `bytes */${SIZE}`);
      assert.equal(headers.get('content-length'), String(body.length));
      assert.ok(Array.isArray((JSON.parse(body.toString()) as { errors: unknown }).errors));
    }
    await untilHeld(holdfast, path);
  });
}

test('a range behind what has arrived waits for it, one before is served at once', async (t) => {
  const { upstream, holdfast } = await startMirror(t);
  const { layers, layerDigests } = upstream.addImage('library/app', '1', { layers: [SIZE] });
  const url = `${holdfast.url}/v2/library/app/blobs/${layerDigests[0]}`;
  const gate = upstream.hold(BLOBS, 200_000);
  const behind = await RawClient.get(url, { Range: 'bytes=300000-' }).headers();
  const before = await RawClient.get(url, { Range: 'bytes=50000-99999' }).end();
  assertSameBytes(before.body, layers[0]?.subarray(50_000, 100_000));
  assert.deepEqual([behind.status, behind.bodyLength], [206, 0]);
  gate.release();
  assertSameBytes((await behind.end()).body, layers[0]?.subarray(300_000));
  assert.equal(upstream.count('GET', BLOBS), 1);
});

test('forty clients that each want another part of a cold blob are one GET upstream', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t, 'cold');
  const part = SIZE / 40;
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_, index) => {
      const range = `bytes=${index * part}-${(index + 1) * part - 1}`;
      return ask(holdfast, path, { headers: { range } });
    }),
  );
  assert.ok(replies.every(({ status }) => status === 206));
  assert.ok(Buffer.concat(replies.map(({ body }) => body)).equals(layer));
  assert.equal(upstream.count('GET', BLOBS), 1);
});

test('a range under a validator of other content is the whole, and so is an unknown unit', async (t) => {
  const { holdfast, layer, path } = await start(t, 'cold');
  const other = { range: 'bytes=0-9', 'if-range': `"sha256:${'0'.repeat(64)}"` };
  const whole = await ask(holdfast, path, { headers: other });
  assert.deepEqual([whole.status, whole.body.length], [200, SIZE]);
  const right = { range: 'bytes=0-9', 'if-range': `"${path.split('/').at(-1)}"` };
  assert.equal((await ask(holdfast, path, { headers: right })).status, 206);
  const lines = await ask(holdfast, path, { headers: { range: 'lines=0-9' } });
  assert.equal(lines.status, 200);
  assertSameBytes(lines.body, layer);
});

test('a range of a blob whose length nobody tells is the whole, without a length', async (t) => {
  const { upstream, holdfast, layer, path } = await start(t, 'cold');
  upstream.fault({ path: BLOBS, chunked: true });
  const { status, body } = await ask(holdfast, path, { headers: { range: 'bytes=0-9' } });
  assert.equal(status, 200);
  assertSameBytes(body, layer);
});
