/** Manifests of up to 4 MiB are taken (distribution-spec: "at least"); larger ones are a 413. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MediaType } from '../../src/oci/media-types.ts';
import { Holdfast } from '../helpers/holdfast.ts';
import { indexOf, putManifest } from './pushing.ts';
import { refusal } from './refusal.ts';
import { send } from './wire.ts';

const holdfast = await Holdfast.start();
after(() => holdfast.close());

const MIB = 1024 * 1024;
const LIMIT = 4 * MIB;

/** An index of exactly so many bytes. */
function manifestOf(size: number): Buffer {
  const bare = JSON.stringify(indexOf([], { annotations: { filler: '' } }));
  const filler = 'x'.repeat(size - bare.length);
  const content = Buffer.from(JSON.stringify(indexOf([], { annotations: { filler } })));
  assert.equal(content.byteLength, size);
  return content;
}

for (const size of [Math.floor(3.9 * MIB), LIMIT]) {
  test(`a manifest of ${size} bytes is taken and given back`, async () => {
    const content = manifestOf(size);
    const put = await putManifest(holdfast, 'large', `s${size}`, content, MediaType.ociIndex);
    assert.equal(put.status, 201, await put.text());
    const get = await holdfast.fetch(`/v2/large/manifests/s${size}`);
    assert.deepEqual(Buffer.from(await get.arrayBuffer()), content);
  });
}

for (const size of [LIMIT + 1, 3 * LIMIT, 10 * LIMIT]) {
  for (const framing of ['Content-Length', 'chunked']) {
    test(`a manifest of ${size} bytes is refused with 413 (${framing})`, async () => {
      const headers = {
        'Content-Type': MediaType.ociIndex,
        // A connection that ends with the answer would be cut under a client that still sends.
        Connection: size > 4 * LIMIT ? 'keep-alive' : 'close',
        ...(framing === 'chunked'
          ? { 'Transfer-Encoding': 'chunked' }
          : { 'Content-Length': size }),
      };
      const body = manifestOf(size);
      const put = await send(holdfast, 'PUT', '/v2/large/manifests/huge', { headers, body });
      await refusal(put, 413, 'SIZE_INVALID');
      const head = await send(holdfast, 'HEAD', '/v2/large/manifests/huge');
      assert.equal(head.status, 404);
    });
  }
}

test('a client that announces too much is refused before it sends it', async () => {
  const headers = {
    'Content-Type': MediaType.ociIndex,
    'Content-Length': 100 * LIMIT,
    Expect: '100-continue',
  };
  const put = await send(holdfast, 'PUT', '/v2/large/manifests/huge', { headers });
  await refusal(put, 413, 'SIZE_INVALID');
});
