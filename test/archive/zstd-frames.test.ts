/** Where the frames of a zstd stream begin and end, in whatever pieces it arrives. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { decompressed } from '../../src/archive/decompress.ts';
import { zstdCompressed } from '../../src/archive/zstd-compress.ts';
import { ZstdFrames } from '../../src/archive/zstd-frames.ts';
import { chunked } from './read-archive.ts';

// Two frames, of blocks that are compressed and of such that are not.
const content = Buffer.concat([Buffer.alloc(4_000_000, 'abc'), randomBytes(300_000)]);
const SKIPPABLE = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

async function joined(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function stream(): Promise<Buffer> {
  return Buffer.concat([SKIPPABLE, await joined(zstdCompressed(chunked(content))), SKIPPABLE]);
}

for (const size of [1, 7, 65_536, 100_000_000]) {
  test(`in pieces of ${size} bytes`, async () => {
    const frames = new ZstdFrames();
    const whole = await stream();
    const given = createHash('sha256');
    for await (const chunk of chunked(whole, size)) {
      for (const piece of frames.take(chunk)) given.update(piece);
    }
    assert.ok(frames.complete);
    assert.equal(given.digest('hex'), createHash('sha256').update(whole).digest('hex'));
  });
}

test('it unpacks to what it was, with frames in between that are to be skipped', async () => {
  const unpacked = await joined(decompressed(chunked(await stream()), 'zstd'));
  assert.ok(unpacked.equals(content));
});

test('wherever it is cut inside of a frame, it is not complete', async () => {
  const whole = (await stream()).subarray(0, -SKIPPABLE.byteLength);
  for (const missing of [1, 2, 3, 1_000, 299_990, whole.byteLength - 12]) {
    const frames = new ZstdFrames();
    frames.take(whole.subarray(0, -missing));
    assert.ok(!frames.complete, `${missing} bytes are missing`);
  }
  await assert.rejects(
    joined(decompressed(chunked(whole.subarray(0, -1_000)), 'zstd')),
    /zstd stream is cut short/,
  );
});

test('a window that the descriptor states counts, too', () => {
  // 2 ** (10 + 18) bytes.
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 1, 0, 0]);
  assert.throws(() => new ZstdFrames().take(header), /window of 268435456 bytes/);
});

/** A frame that goes on with blocks of `size` times the same byte, four bytes each. */
function runs(size: number, count: number): Buffer {
  const block = Buffer.alloc(4);
  block.writeUIntLE(size * 8 + 2, 0, 3);
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]),
    ...Array.from({ length: count }, () => block),
  ]);
}

test('a few bytes that become half a gigabyte are unpacked step by step', async () => {
  const before = process.memoryUsage().arrayBuffers;
  const iterator = decompressed(chunked(runs(128 * 1024, 4_000)), 'zstd')[Symbol.asyncIterator]();
  await iterator.next();
  const grown = process.memoryUsage().arrayBuffers - before;
  await iterator.return?.();
  assert.ok(grown < 16_000_000, `the first step took ${grown} bytes`);
});

test('a block larger than any may be is refused', () => {
  assert.throws(() => new ZstdFrames().take(runs(128 * 1024 + 1, 4)), /a block of 131073 bytes/);
});
